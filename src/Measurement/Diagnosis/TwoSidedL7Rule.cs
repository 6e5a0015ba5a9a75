using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;
using static CiliumDebugging.Measurement.Diagnosis.Shares;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>
/// cilium/cilium#14268 as it was reported: with an HTTP rule on both sides every success comes from Pods on the
/// client's node, and every other Pod accounts for 503s that the proxy of the client's node generated. The cause is
/// unknown.
/// </summary>
public sealed class TwoSidedL7Rule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        var remote = phase.Pods.Where(p => !p.OnClientNode).ToList();
        if (!evidence.ClientHasEgressL7 || !evidence.BackendsHaveIngressL7 || remote.Count == 0)
            return null;
        var unavailable = phase.ByStatus.GetValueOrDefault(503);
        // The requests that were under way when the policy came may still succeed elsewhere; more than that is another
        // fault.
        var remoteOk = remote.Sum(p => p.Ok);
        if (unavailable == 0 || remoteOk > phase.Requests / 100 || phase.Failures - unavailable > phase.Requests / 100)
            return null;
        double ProxyFailures(PodPhase pod) => evidence.ProxyFailuresByPod.GetValueOrDefault(pod.Pod.HubbleName);
        if (remote.Sum(ProxyFailures) == 0 || phase.Pods.Any(p => p.OnClientNode && ProxyFailures(p) > 0))
            return null;
        // A 503 that a Pod gave names it and reached it; and failures that were there before both sides had rules have
        // another cause.
        if (remote.Sum(p => p.Failed) > phase.Requests / 100 || remote.Sum(p => p.Echo) > phase.Requests / 100.0)
            return null;
        if (
            evidence.Previous is { HttpRules: not (true, true) } before
            && before.Pods.Any(p => !p.OnClientNode && p.ClientProxyErrors > 0)
        )
            return null;
        return Describe(evidence, [.. remote.Where(p => ProxyFailures(p) > 0).Select(p => p.Pod.Name)], unavailable);
    }

    private static DiagnosisResult Describe(Evidence evidence, List<string> failing, long unavailable)
    {
        var phase = evidence.Phase;
        var local = phase.Pods.Where(p => p.OnClientNode).Select(p => p.Pod.Name).ToList();
        var successes =
            local.Count == 0 ? "no pod is on the client's node, so nothing succeeds"
            : phase.Ok == 0 ? "nothing succeeds, and no 503 is attributed to a pod on the client's node"
            : $"all {phase.Ok} successes come from {string.Join(", ", local)} on the client's node "
                + $"{evidence.ClientNode}";
        return Named(
            "two-sided-l7",
            $"HTTP rules on both sides: connections of the proxy of the client's node {evidence.ClientNode} to pods on "
                + $"other nodes fail with 503; {successes}. {Known(evidence)}",
            $"upstream connection of the egress proxy on {evidence.ClientNode} to pods on other nodes",
            [
                $"{unavailable} of {phase.Requests} requests answered 503 without a pod's name: a proxy generated them",
                $"Hubble counts the 503s on {evidence.ClientNode} alone, attributed to "
                    + (failing is [var only] ? $"pod {only} on another node" : $"{failing.Count} pods on other nodes"),
                "the echo counters of the pods on other nodes do not move",
                "an egress policy with HTTP rules selects the client, an ingress policy with HTTP rules "
                    + "selects the backends",
                Remedies.Observed(evidence.CiliumVersion),
            ],
            [
                "a success from a pod on another node",
                "503s attributed to a pod on the client's node",
                "the same 503s after either policy is removed",
            ],
            [
                "remove the HTTP rules of one side (an L4 rule is enough there)",
                .. Remedies.TwoSidedL7(evidence.CiliumVersion),
            ],
            "https://github.com/cilium/cilium/issues/14268",
            "https://github.com/cilium/cilium/pull/14594"
        );
    }

    /// <summary>What is known of this failure in a release.</summary>
    private static string Known(Evidence evidence)
    {
        var version = evidence.CiliumVersion;
        const string Report = "Consistent with cilium/cilium#14268";
        const string Source = "that proxy then uses the client's own source address and port";
        const string Capture =
            "A capture on the node of a pod would confirm it: SYNs with the client's own source address and port that "
            + "get no answer.";
        var compared = $"it is reported for 1.9.0, and agents of {ReleaseChanges.Compared} did not show it";
        return ReleaseChanges.TwoSidedL7Fails.In(Remedies.Release(version)) is false
            ? evidence.IsEmulated
                ? $"{Report}, but predicted for Cilium {version}, not observed: {compared}. {Capture}"
                : $"{Report}, but not known of Cilium {version}: {compared}. {Capture}"
            : $"{Report}, which reports it for Cilium 1.9.0; as reported, {Source}. Why such connections fail "
                + "is unknown.";
    }
}
