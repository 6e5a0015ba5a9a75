using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Status;

/// <summary>
/// The verdict of now. An alarm of this phase lasts until recovery, although the phase as a whole may still look
/// even. On kept connections and on ports that are used again, the requests may be skewed while the few choices behind
/// them are undecided; that has no error bound.
/// </summary>
internal static class CurrentVerdict
{
    /// <summary>The verdict on the last evaluated phase of a run.</summary>
    public static Verdict Of(RunReport report)
    {
        var phase = report.Latest;
        var verdict = phase.Delivery.Successes.Withhold(report.MachineGate);
        if (verdict.Kind is VerdictKind.Skewed || verdict.Withheld is not null)
            return verdict;
        var isAlarm =
            report.Status is { State: VerdictKind.Skewed, Episodes: [.., { End: EpisodeEnd.Open } open] }
            && open.AlarmAt.TotalSeconds >= phase.Start;
        if (isAlarm)
            return verdict with { Kind = VerdictKind.Skewed, FurtherConnections = 0 };
        if (verdict.Connections >= phase.Ok)
            return verdict;
        var expected = ExpectedShares.Weighted(
            [.. verdict.Shares.Select(s => s.Backend)],
            [.. verdict.Shares.Select(s => s.Expected)]
        );
        var requests = SkewTest.Evaluate(
            expected,
            new BackendCounts([.. phase.Pods.Select(p => p.Ok)], 0),
            unit: SelectionUnit.RepeatedChoice
        );
        return requests.Kind is VerdictKind.Skewed ? requests : verdict;
    }
}
