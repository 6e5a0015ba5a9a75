#!/usr/bin/env bash
# Installs Prometheus where it is missing, then compares it with the lab's own counts: the three queries of cilium/cilium#14268 in two phases.
# Exits 0 when every number is within its limit. Arguments go on to the measurement, for example --rate 50 --phase 246 --port-offset 2000.
# With observe as first argument: the command observe against the live cluster and against that Prometheus; exits 0 when every exit code and diagnosis is right.
#
#   bench/Prometheus/run.sh [--rate 300] [--phase 126] [--port-offset 0]
#   bench/Prometheus/run.sh observe [--rate 150] [--port-offset 0]
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v prometheus >/dev/null; then
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends prometheus >/dev/null
    echo "installed prometheus; its service, if your system started one, is not used here" >&2
fi
promtool check config --syntax-only docs/prometheus.yml >/dev/null 2>&1 || echo "this Prometheus has no Kubernetes discovery: its targets come from a file" >&2
dotnet build -v q -nologo bench/Bench.csproj >/dev/null
case ${1:-} in observe) ;; *) set -- prometheus "$@" ;; esac
exec dotnet exec bench/bin/Debug/net10.0/Bench.dll "$@"
