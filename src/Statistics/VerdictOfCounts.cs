using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>From counts to a <see cref="Verdict"/>.</summary>
internal static class VerdictOfCounts
{
    public static Verdict Evaluate(
        SkewEvidence evidence,
        double[] counts,
        double unattributed,
        VerdictOptions options,
        SelectionUnit unit
    )
    {
        var logThreshold = -Math.Log(options.ErrorProbability);
        var (skewed, even) = (evidence.LogSkewed(counts, unattributed), evidence.LogEven(counts, unattributed));
        var kind =
            skewed >= logThreshold ? VerdictKind.Skewed
            : even >= logThreshold ? VerdictKind.Even
            : VerdictKind.Undecided;
        var intervals = evidence.Intervals(counts, unattributed, options.ErrorProbability);
        var shares = evidence
            .Expected.Backends.Select(
                (name, i) =>
                    new BackendShare(
                        name,
                        evidence.Expected.Weights[i],
                        (long)counts[i],
                        Consistent(intervals[i], kind, evidence.Expected.Weights[i], options.Tolerance)
                    )
            )
            .ToImmutableArray();
        return new Verdict
        {
            Kind = kind,
            Cases = CasesOf(evidence, counts, unattributed),
            Unit = unit,
            ErrorProbability =
                unit is not SelectionUnit.FreshSelection || evidence.Competing == 0 ? null : options.ErrorProbability,
            Tolerance = options.Tolerance,
            LogEvidenceSkewed = skewed,
            LogEvidenceEven = even,
            Connections = (long)SkewEvidence.Total(counts, unattributed),
            Unattributed = (long)unattributed,
            Shares = shares,
            HalfWidth = HalfWidthOf(shares),
            FurtherConnections =
                kind == VerdictKind.Undecided
                    ? DecisionForecast.FurtherConnections(evidence, counts, unattributed, logThreshold)
                    : 0,
        };
    }

    /// <summary>
    /// The interval of a share beside the verdict. "Even" bounds every share as well, so that no interval may reach
    /// beyond the tolerance; both bounds together are wrong with twice the error probability at most.
    /// </summary>
    public static ShareInterval Consistent(
        ShareInterval interval,
        VerdictKind kind,
        double expected,
        double tolerance
    ) =>
        kind is VerdictKind.Even && expected > 0
            ? interval.Within(expected * (1 - tolerance), expected * (1 + tolerance))
            : interval;

    private static SpecialCases CasesOf(SkewEvidence evidence, double[] counts, double unattributed)
    {
        var cases = SpecialCases.None;
        if (evidence.Competing == 1)
            cases |= SpecialCases.OneBackend;
        if (evidence.Competing == 0)
            cases |= SpecialCases.NoBackend;
        if (evidence.Expected.Weights.Any(w => w == 0))
            cases |= SpecialCases.ZeroWeight;
        if (evidence.SelectedWithoutWeight(counts) > 0)
            cases |= SpecialCases.SelectedWithoutWeight;
        if (evidence.UpperReachesOne)
            cases |= SpecialCases.ToleranceReachesOne;
        if (unattributed > 0)
            cases |= SpecialCases.Unattributed;
        return cases;
    }

    private static double HalfWidthOf(ImmutableArray<BackendShare> shares) =>
        shares
            .Where(s => s.Expected > 0)
            .Select(s => double.IsNaN(s.Share.Estimate) ? double.PositiveInfinity : s.Share.HalfWidth / s.Expected)
            .DefaultIfEmpty(double.PositiveInfinity)
            .Max();
}
