#!/usr/bin/env bash
# Runs scenarios on the Kubernetes cluster of $KUBECONFIG, each twice in a row, once with workloads of its own and once on
# workloads that are there, and compares the cluster before and after, byte for byte without resourceVersion and status.
# A Pod that a scenario deletes has another name afterwards, so Pods are compared by their owner alone in such a run.
#
#   BACKEND_IMAGE=… LOAD_TEST_IMAGE=… bench/Kubernetes/run.sh [NAME...]
#
# Prints a table; exits 0 when every run ended with 0 (or 2: refused, with the reason) and left the cluster as it was.
set -uo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- no-cilium session-affinity keepalive-pinning traffic-policy-local ipvs-restart
images=(--backend-image "${BACKEND_IMAGE:-cilium-debugging/backend:lab}" --load-test-image "${LOAD_TEST_IMAGE:-cilium-debugging/loadtest:lab}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# snapshot FILE MODE: what the cluster holds, without what changes by itself; MODE "owners" leaves the names of Pods away
snapshot() {
  kubectl get all,cnp,cm,svc,endpointslices -A -o json | python3 -c '
import json, sys
mode = sys.argv[1]
objects = []
for item in json.load(sys.stdin)["items"]:
    item.pop("status", None)
    metadata = item["metadata"]
    metadata.pop("resourceVersion", None)
    if mode == "owners" and item["kind"] in ("Pod", "EndpointSlice"):
        item = {"kind": item["kind"], "owner": [o["name"] for o in metadata.get("ownerReferences", [])]}
    objects.append(json.dumps(item, indent=1, sort_keys=True))
print("\n".join(sorted(objects)))
' "$2" >"$1"
}

# settled: what runs before have deleted is gone
settled() {
  [ "${which:-own}" = there ] || for namespace in backend load-test; do
    kubectl wait --for=delete "ns/$namespace" --timeout=180s >/dev/null 2>&1 || true
  done
  for _ in $(seq 90); do
    kubectl get pods -A -o jsonpath='{range .items[*]}{.metadata.deletionTimestamp}{"\n"}{end}' | grep -q . || return 0
    sleep 1
  done
}

# measure NAME WHICH: one run and its line
measure() {
  local name=$1 which=$2 mode=names exit result
  grep -q deletePod "scenarios/$name/scenario.yaml" && [ "$which" = there ] && mode=owners
  settled
  snapshot "$work/before" $mode
  dotnet ClusterSetup/bin/Debug/net10.0/ClusterSetup.dll scenario run "$name" --kubeconfig "$KUBECONFIG" \
    "${images[@]}" --output "$work/reports" >"$work/output" 2>&1
  exit=$?
  settled
  snapshot "$work/after" $mode
  result=$(sed -n 's/^result  *//p' "$work/output" | head -1)
  [ -n "$result" ] || result=$(grep -m 1 "^$name" "$work/output")
  if cmp -s "$work/before" "$work/after"; then equal='as before'; else
    equal=changed failed=1
    diff "$work/before" "$work/after" | head -${DIFF_LINES:-20} >&2
  fi
  [ $exit = 0 ] || [ $exit = 2 ] || { failed=1; tail -15 "$work/output" >&2; }
  echo "| $name | $which | $exit | ${result:-–} | $equal |"
}

printf '| scenario | workloads | exit | result | cluster afterwards |\n|---|---|---|---|---|\n'
for name in "$@"; do measure "$name" own; measure "$name" own; done
# The workloads, left by a run that keeps them and changes nothing else.
dotnet ClusterSetup/bin/Debug/net10.0/ClusterSetup.dll scenario run keepalive-pinning --kubeconfig "$KUBECONFIG" \
  "${images[@]}" --keep --output "$work/reports" >"$work/output" 2>&1 || { tail -5 "$work/output" >&2; failed=1; }
for name in "$@"; do measure "$name" there; measure "$name" there; done
kubectl delete ns backend load-test --ignore-not-found --wait >/dev/null
exit $failed
