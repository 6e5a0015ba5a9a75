#!/usr/bin/env bash
# How long 100 Pods take to be ready and what memory they need, and what a policy costs, with kubectl on the embedded
# cluster. Wants the machine for itself.
#   bench/Startup/run.sh [--no-build] [PODS] [POLICIES]
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "${1:-}" = --no-build ] && shift || dotnet build ClusterSetup -c Release -v q --nologo
pods=${1:-100} policies=${2:-10000}
work=$(mktemp -d)
trap 'kill -TERM "$lab" 2>/dev/null; wait "$lab" 2>/dev/null; rm -rf "$work"' EXIT

TMPDIR=$work dotnet exec ClusterSetup/bin/Release/net10.0/ClusterSetup.dll up --embedded >"$work/log" 2>&1 &
lab=$!
until grep -q '^export KUBECONFIG=' "$work/log"; do kill -0 $lab || { cat "$work/log" >&2; exit 1; }; sleep 0.1; done
eval "$(grep '^export KUBECONFIG=' "$work/log")"

# all of the lab's processes: the cluster and those that it started
processes() { local p; echo "$1"; for p in $(pgrep -P "$1"); do processes "$p"; done; }
# memory of processes in MiB; pages that several of them share count once
memory() {
  local p
  for p in "$@"; do cat "/proc/$p/smaps_rollup" 2>/dev/null || true; done | awk '/^Pss:/ { sum += $2 } END { printf "%d", sum / 1024 }'
}
# processor time of processes in s
processor() {
  local p
  for p in "$@"; do cat "/proc/$p/stat" 2>/dev/null || true; done |
    awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); sum += $12 + $13 } END { printf "%.1f", sum / hz }'
}
since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }'; }

kubectl rollout status -n backend deployment/backend-1 --timeout=300s >/dev/null
started=$EPOCHREALTIME
kubectl scale -n backend deployment/backend-1 --replicas="$pods" >/dev/null
until [ "$(kubectl get -n backend deployment/backend-1 -o jsonpath='{.status.readyReplicas}')" = "$pods" ]; do sleep 0.2; done
all=$(processes $lab)
echo "$pods pods ready after $(since "$started") s: $(memory $all) MiB, $(processor $all) s of processor time (cluster $(processor $lab) s), $(echo "$all" | wc -l) processes"

# A policy each for a pod that there is not, so that what is measured is the policy.
batch() {
  local n
  for ((n = $1; n < $1 + $2; n++)); do
    printf '%s\n' '---' 'apiVersion: cilium.io/v2' 'kind: CiliumNetworkPolicy' 'metadata:' "  name: policy-$n" \
      '  namespace: default' 'spec:' "  endpointSelector: {matchLabels: {app: app-$n}}" \
      "  ingress: [{fromEndpoints: [{matchLabels: {app: client-$n}}], toPorts: [{ports: [{port: \"8080\", protocol: TCP}]}]}]"
  done
}
server=$(for p in $all; do tr '\0' ' ' <"/proc/$p/cmdline" | grep -q ClusterSetup.dll && echo "$p" || true; done)
step=$((policies / 10))
for ((done = 0; done < policies; done += step)); do
  batch $done $step >"$work/policies.yaml"
  before=$(processor $server) started=$EPOCHREALTIME
  kubectl create -f "$work/policies.yaml" >"$work/created"
  [ "$(wc -l <"$work/created")" = $step ] || { cat "$work/created" >&2; exit 1; }
  echo "$((done + step)) policies: $(since "$started") s for $step by kubectl," \
    "$(awk -v a="$before" -v b="$(processor $server)" -v n=$step 'BEGIN { printf "%.2f", 1000 * (b - a) / n }') ms of processor time each," \
    "cluster $(memory $server) MiB"
done
sleep 5
echo "5 s later: cluster $(memory $server) MiB; idle for 10 s: $(a=$(processor $server); sleep 10; awk -v a="$a" -v b="$(processor $server)" 'BEGIN { printf "%.1f", b - a }') s of processor time"
