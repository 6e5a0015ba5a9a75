#!/usr/bin/env bash
# Stops the API server (SIGSTOP) for some seconds at a random moment of a scenario on the Kubernetes cluster of
# $KUBECONFIG, and compares the cluster before and after as run.sh does.
#
#   BACKEND_IMAGE=… LOAD_TEST_IMAGE=… bench/Kubernetes/outage.sh PID_OF_THE_API_SERVER [SEED] [SECONDS...]
#
# Exits 0 when every run ended with a report or an error of one line and left the cluster as it was.
set -uo pipefail
cd "$(dirname "$0")/../.."
server=$1 RANDOM=${2:-1}
shift; [ $# -gt 0 ] && shift; [ $# -gt 0 ] || set -- 2 10 60
images=(--backend-image "${BACKEND_IMAGE:-cilium-debugging/backend:lab}" --load-test-image "${LOAD_TEST_IMAGE:-cilium-debugging/loadtest:lab}")
work=$(mktemp -d)
trap 'kill -CONT "$server"; rm -rf "$work"' EXIT
lab=(dotnet ClusterSetup/bin/Debug/net10.0/ClusterSetup.dll scenario run --kubeconfig "$KUBECONFIG" "${images[@]}" --output "$work/reports")
# Without what changes by itself: a node that cannot renew its lease for 40 s is not ready, and its Pods' endpoints change
# to and fro.
snapshot() {
  kubectl get all,cnp,cm,svc,endpointslices -A -o json | python3 -c '
import json, sys
for item in sorted(json.load(sys.stdin)["items"], key=lambda i: (i["kind"], i["metadata"].get("namespace", ""), i["metadata"]["name"])):
    item.pop("status", None)
    for name in ("resourceVersion", "managedFields"):
        item["metadata"].pop(name, None)
    if item["kind"] == "EndpointSlice":
        item["metadata"].pop("generation"), item["metadata"].pop("annotations", None)
        item["endpoints"] = sorted((e.get("addresses"), e.get("conditions")) for e in item.get("endpoints") or [])
    print(json.dumps(item, indent=1, sort_keys=True))' >"$1"
}
"${lab[@]}" keepalive-pinning --keep >"$work/output" 2>&1 || { tail -5 "$work/output" >&2; exit 1; }
failed=0
for seconds; do
  snapshot "$work/before"
  "${lab[@]}" session-affinity >"$work/output" 2>&1 &
  run=$!
  after=$((2000 + RANDOM % 10000))
  sleep "$((after / 1000)).$(printf %03d $((after % 1000)))"
  kill -STOP "$server"; sleep "$seconds"; kill -CONT "$server"
  wait $run; exit=$?
  kubectl wait --for=condition=Ready nodes --all --timeout=120s >/dev/null
  for namespace in backend load-test; do
    kubectl wait --for=condition=Ready pods --all -n $namespace --timeout=120s >/dev/null
  done
  sleep 5
  snapshot "$work/after"
  equal='as before'; cmp -s "$work/before" "$work/after" || equal=changed
  report=$(grep -c '^report ' "$work/output")
  echo "$seconds s after $after ms: exit code $exit, $report report, cluster $equal: $(grep -E '^(result|error)' "$work/output" | head -1)"
  if [ "$equal" = changed ] || grep -q '^   at ' "$work/output"; then
    failed=1
    diff "$work/before" "$work/after" | head -20 >&2
    tail -12 "$work/output" >&2
  fi
done
kubectl delete ns backend load-test --ignore-not-found --wait >/dev/null
exit $failed
