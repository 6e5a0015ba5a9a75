#!/usr/bin/env bash
# Presses Ctrl-C at random moments of a scenario on the Kubernetes cluster of $KUBECONFIG, and checks what is left: exit
# code 130 within three seconds, no Pod that sends load, and the Service as it was.
#
#   BACKEND_IMAGE=… LOAD_TEST_IMAGE=… bench/Kubernetes/interrupt.sh [COUNT] [SEED]
set -uo pipefail
cd "$(dirname "$0")/../.."
count=${1:-20} RANDOM=${2:-1}
images=(--backend-image "${BACKEND_IMAGE:-cilium-debugging/backend:lab}" --load-test-image "${LOAD_TEST_IMAGE:-cilium-debugging/loadtest:lab}")
run=(dotnet ClusterSetup/bin/Debug/net10.0/ClusterSetup.dll scenario run session-affinity --kubeconfig "$KUBECONFIG" "${images[@]}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
service() { kubectl -n backend get svc backend-1 -o json | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["spec"], sort_keys=True))'; }
# Whether the load test still sends or waits: true or false; none when it has never begun.
sends() {
  local pod
  pod=$(kubectl -n load-test get pods -o name | head -1 | cut -d/ -f2)
  kubectl get --raw "/api/v1/namespaces/load-test/pods/$pod:8081/proxy/attack" 2>/dev/null | grep -o '"running":[a-z]*' | cut -d: -f2 | grep . || echo none
}

# Workloads that stay, so that the runs change the Service alone.
dotnet ClusterSetup/bin/Debug/net10.0/ClusterSetup.dll scenario run keepalive-pinning --kubeconfig "$KUBECONFIG" \
  "${images[@]}" --keep --output "$work/reports" >"$work/output" 2>&1 || { tail -5 "$work/output" >&2; exit 1; }
before=$(service) failed=0
for n in $(seq "$count"); do
  after=$((RANDOM % 12000))
  setsid env --default-signal=INT "${run[@]}" --output "$work/reports" >"$work/output" 2>&1 &
  pid=$!
  sleep "$((after / 1000)).$(printf %03d $((after % 1000)))"
  since=$(date +%s%N)
  kill -INT "$pid" 2>/dev/null
  wait "$pid"; exit=$?
  took=$(( ($(date +%s%N) - since) / 1000000 ))
  state=unchanged; [ "$(service)" = "$before" ] || state=changed
  sending=$(sends)
  echo "$n: Ctrl-C after $after ms, exit code $exit after $took ms, Service $state, load: $sending"
  if [ "$state" = changed ] || [ "$sending" = true ] || { [ $exit != 130 ] && [ $exit != 0 ]; } || [ "$took" -gt 3000 ]; then
    failed=1
    tail -5 "$work/output" >&2
  fi
done
kubectl delete ns backend load-test --ignore-not-found --wait >/dev/null
exit $failed
