using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>Asks all rules. "Unknown" is an answer: also where two mechanisms would explain the same picture.</summary>
public static class Diagnostician
{
    private static readonly IDiagnosisRule[] s_faults =
    [
        new TwoSidedL7Rule(),
        new StaleConntrackRule(),
        new StaleNodeRule(),
        new KeepAlivePinningRule(),
        new FewClientPortsRule(),
        new SessionAffinityRule(),
        new LocalTrafficPolicyRule(),
        new NoLocalEndpointRule(),
        new ZoneRoutingRule(),
        new StaleEndpointsRule(),
        new UnreadyPodRule(),
        new DenialRule(),
        new PolicyDenialRule(),
        new RetryAmplificationRule(),
        new SlowPodRule(),
        new FrozenPodRule(),
    ];

    private static readonly EvenRule s_even = new();

    /// <summary>The mechanism that the evidence shows, if it shows exactly one.</summary>
    public static DiagnosisResult Diagnose(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        var found = s_faults.Select(rule => rule.Examine(evidence)).OfType<DiagnosisResult>().ToList();
        if (found is [var one])
            return one;
        if (found.Count > 1)
        {
            return DiagnosisResult.Unknown(
                $"{string.Join(" and ", found.Select(f => f.Name))} would each explain what is seen"
            ) with
            {
                Sentence =
                    $"{string.Join(" and ", found.Select(f => f.Name))} would each explain what is seen; "
                    + "change one of them and look again",
                Refutes = [.. found.SelectMany(f => f.Refutes.Select(r => $"{f.Name}: {r}"))],
            };
        }
        if (s_even.Examine(evidence) is { } even)
            return even;
        return DiagnosisResult.Unknown(Observation(evidence));
    }

    /// <summary>
    /// Session affinity, and yet several Pods answer one client, each on ports of its own. Requests from several nodes are
    /// those of several clients.
    /// </summary>
    private static bool KeepsOldChoices(Evidence evidence) =>
        evidence.Service.ClientIpAffinity
        && evidence.Phase.Failures == 0
        && evidence.ClientNodes.Length < 2
        && evidence.Phase.Pods.Count(p => p.Ok > 0) > 1
        && evidence.Connections is { MaxRequests: 1, PortsKeepTheirPod: true };

    private static string Observation(Evidence evidence)
    {
        var phase = evidence.Phase;
        var seen =
            phase.Requests == 0 ? "there was no request"
            : phase.Failures > 0 ? $"{phase.Failures} of {phase.Requests} requests failed"
            : KeepsOldChoices(evidence)
                ? "every request succeeds, and one client reached several pods although the Service keeps each client "
                    + "address on one: ports that were used before keep their old choice, as with service conntrack "
                    + "entries that are older than the run"
            : Shares.IsSkewed(phase) || Shares.RequestsAreSkewed(phase)
                ? "the load is skewed while every request succeeds"
                    + (
                        evidence.Connections is { MaxRequests: 1, PortsKeepTheirPod: true }
                            ? ", and a port that is used again keeps its pod, as with service conntrack "
                                + "entries, which may "
                                + "be older than the run"
                            : ""
                    )
            : Shares.StrayAnswers(phase) is > 0 and var strays
                ? $"every request succeeds, and {strays} of {phase.Requests} reached pods that the Service should not "
                    + "choose for this client"
            : SlowPodRule.SlowPod(phase) is { } slow
                ? $"every request succeeds, and {slow.Pod.Name} takes {slow.MeanLatencyMs:0} ms on average, "
                    + "much longer than the others; whether the pod or the network to its node is slow, a "
                    + "second pod on that "
                    + "node would show"
            : EvenRule.IsRepeated(phase)
                ? "every request succeeds, and more requests reached the pods than the client knows of"
            : "every request succeeds, and whether the load is even is unknown because connections may "
                + "repeat old choices";
        return evidence.NodesWithoutHubble.IsEmpty
            ? seen
            : $"{seen} (Hubble's counters of {string.Join(", ", evidence.NodesWithoutHubble)} are missing)";
    }
}
