#!/usr/bin/env bash
# Runs scenarios live, one after the other, as a user would, and prints a table: exit code, expectations that hold, and the diagnosis at the terminal and in report.json.
# Exits 0 when every run ended with 0 and both places name the same mechanism. About five minutes for all of them.
#
#   bench/Scenarios/run.sh [NAME...]
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
[ $# -gt 0 ] || set -- $(cd scenarios && for f in */scenario.yaml; do dirname "$f"; done)
[ -n "${NO_BUILD:-}" ] || dotnet build -v q -nologo AppHost/AppHost.csproj >/dev/null || exit 1
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
names() { sed -n "/^$2\"diagnosis\": {/,/^$2}/ s/^$2  \"name\": \"\(.*\)\",\{0,1\}$/\1/p" "$1" | paste -sd, | sed 's/,/, /g'; }
failed=0
printf '| scenario | exit | expectations | delivery in the last phase | diagnosis of each phase | terminal | report.json | requests |\n|---|---|---|---|---|---|---|---|\n'
for name in "$@"; do
    mkdir -p "$runs/$name"
    (cd "$runs/$name" && dotnet exec "$root/AppHost/bin/Debug/net10.0/AppHost.dll" --once --verbose --scenario "$name" >output 2>&1)
    exit=$?
    terminal=$(sed -n 's/^diagnosis  *\([a-z0-9-]*\):.*/\1/p' "$runs/$name/output")
    [ "$terminal" = none ] && terminal=undecided # an undecided run names nothing
    holds=$(sed -n 's/^expectation  *reproduced as expected (\(.*\) checks)$/\1/p; s/^expectation  *.* was NOT reproduced/not: &/p' "$runs/$name/output" | paste -sd';')
    delivery=$(sed -n 's/^delivery  *//p' "$runs/$name/output" | tail -1 | sed 's/[,:;(].*//; s/ *$//')
    json=$(echo "$runs/$name"/artifacts/*/report.json)
    [ -f "$json" ] && { phases=$(names "$json" '      '); saved=$(names "$json" '  '); } || { phases=; saved=; }
    # The report's totals, the sum over phases and the client's own count are the same number.
    counted=$(python3 - "$json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
totals = report["totals"]
total = totals["requests"] + totals["notSent"]
phases = sum(p["requests"] + p["notSent"] for p in report["phases"])
client = next(line["leftCount"] for line in report["reconciliation"] if line["what"].startswith("requests intended"))
print(total if total == phases == client else f"{total} in totals, {phases} in phases, {client:.0f} intended")
PY
)
    echo "| $name | $exit | ${holds:-–} | ${delivery:-–} | ${phases:-–} | ${terminal:-–} | ${saved:-–} | $counted |"
    if [ "$exit" != 0 ] || [ -z "$terminal" ] || [ "$terminal" != "$saved" ] || [[ $counted = *" "* ]]; then
        failed=1
        tail -5 "$runs/$name/output" >&2
    fi
done
exit $failed
