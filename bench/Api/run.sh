#!/usr/bin/env bash
# What docs/kubernetes-api.md promises, at full size: 200 watchers with 10,000 writes, and 100,000 hostile requests. A minute or two; wants the machine for itself.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "${1:-}" = --no-build ] || dotnet build tests/EmbeddedCluster.Tests -v q --nologo
run() { tests/EmbeddedCluster.Tests/bin/Debug/net10.0/EmbeddedCluster.Tests -method "$1" -showLiveOutput | grep -E 'OUTPUT|Total:|FAIL' | sed 's/.*\[OUTPUT\] //'; }
API_WATCH_LOAD=1 run '*Many_watchers_see_many_writes_once_in_order_and_soon'
API_FUZZ_REQUESTS=100000 run '*Mutated_requests_never_give_a_500_nor_an_answer_without_the_token'
