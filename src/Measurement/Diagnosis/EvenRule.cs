using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>Nothing is wrong: every request succeeded and neither selection nor delivery is skewed.</summary>
public sealed class EvenRule : IDiagnosisRule
{
    /// <summary>A Pod that gets this many times the requests the client knows of is not a plain case. Less may be the
    /// phase's edge: counters are read a moment later than the last record counts.</summary>
    private const double Repeated = 1.5;

    /// <summary>The Pod whose answers take at least three times as long as the median Pod's and 20 ms longer; null when
    /// there is none or latency is not known.</summary>
    internal static PodPhase? SlowPod(PhaseReport phase)
    {
        var known = phase.Pods.Where(p => p.MeanLatencyMs > 0).OrderBy(p => p.MeanLatencyMs).ToList();
        if (known.Count < 2)
            return null;
        var (slowest, middle) = (known[^1], known[(known.Count - 1) / 2].MeanLatencyMs);
        return slowest.MeanLatencyMs >= 3 * middle && slowest.MeanLatencyMs >= middle + 20 ? slowest : null;
    }

    /// <summary>Whether many more requests reached a Pod than the client knows of.</summary>
    internal static bool IsRepeated(PhaseReport phase) =>
        phase.Pods.Any(p => p.Ok > 0 && p.Echo > p.Ok * Repeated + Shares.Enough);

    /// <summary>Whether ports that were used before a Pod came may repeat old choices (stale-conntrack). If they do,
    /// young of N Pods can get, on such ports, young/N of what the deleted Pods had, that is young/N of their fair
    /// share at most (<c>StaleConntrackShare</c> with p = 1): they do not when the new Pods surely have more.</summary>
    private static bool MayRepeatOldChoices(Evidence evidence)
    {
        var pods = evidence.Phase.Pods;
        var young = Shares.Young(evidence);
        if (
            evidence.Connections is not { OnOldPorts.Count: > 0 } connections
            || young.Count == 0
            || young.Count == pods.Length
        )
            return false;
        var onOld = Shares.Evaluate(pods, p => connections.OnOldPorts.GetValueOrDefault(p.Pod.Name));
        return onOld.Kind is VerdictKind.Skewed
            || onOld.Shares.Any(s =>
                young.Contains(s.Backend) && s.Share.Lower <= s.Expected * young.Count / pods.Length
            );
    }

    /// <summary>Name of the diagnosis.</summary>
    public const string Name = "even";

    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        if (
            phase.Requests == 0
            || phase.Failures > 0
            || Shares.IsSkewed(phase)
            || SlowPod(phase) is not null
            || IsRepeated(phase)
        )
            return null;
        // Kept-alive connections: the choice of connections may be fair while the requests on them are not.
        if (evidence.Connections is { MaxRequests: > 1 } && Shares.RequestsAreSkewed(phase))
            return null;
        if (MayRepeatOldChoices(evidence))
            return null;
        var called = phase.Delivery.Successes.Kind is VerdictKind.Even;
        return new DiagnosisResult
        {
            Name = Name,
            Sentence = called
                ? $"Every request succeeds and the {phase.Pods.Length} pods share them evenly."
                : $"Every request succeeds and no skew has been found among the {phase.Pods.Length} pods so far.",
            Supports = [$"{phase.Ok} of {phase.Requests} requests succeeded"],
            Refutes = ["a failure", "a share outside the tolerance"],
        };
    }
}
