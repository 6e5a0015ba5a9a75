using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>Shares of K backends from the increments of counters between scrapes, where single requests are not known:
/// the counterpart of <see cref="SkewTest"/>, with the same hypotheses and the asymptotic evidence of
/// <see cref="RatioSums"/>. Immutable.</summary>
public sealed class AsymptoticShares
{
    private readonly ImmutableArray<RatioSums> _sums;
    private readonly ImmutableArray<double> _expected;

    private AsymptoticShares(
        ImmutableArray<string> backends,
        ImmutableArray<RatioSums> sums,
        ImmutableArray<double> expected
    ) => (Backends, _sums, _expected) = (backends, sums, expected);

    /// <summary>Nothing seen of these backends.</summary>
    public static AsymptoticShares Of(ImmutableArray<string> backends) =>
        new(backends, [.. backends.Select(_ => default(RatioSums))], [.. backends.Select(_ => 0.0)]);

    public ImmutableArray<string> Backends { get; }

    /// <summary>Scrape intervals with at least one event.</summary>
    public long Intervals => _sums.IsEmpty ? 0 : _sums[0].Intervals;

    /// <summary>Events, all backends.</summary>
    public double Total => _sums.IsEmpty ? 0 : _sums[0].N;

    /// <summary>Events of each backend.</summary>
    public ImmutableArray<double> Counts => [.. _sums.Select(s => s.X)];

    /// <summary>The share each backend should have had: the mean of what was expected in the intervals, weighted by
    /// their events (clients of another node or zone may expect other shares). Equal before the first event.</summary>
    public ExpectedShares Expected =>
        ExpectedShares.Weighted(
            Backends,
            Total > 0 ? [.. _expected.Select(e => Math.Max(0, e))] : [.. Backends.Select(_ => 1.0)]
        );

    /// <summary>With one more scrape interval.</summary>
    /// <param name="counts">Events of each backend.</param>
    /// <param name="expected">Events each backend should have had; they sum to as many.</param>
    public AsymptoticShares With(IReadOnlyList<double> counts, IReadOnlyList<double> expected)
    {
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentNullException.ThrowIfNull(expected);
        var total = counts.Sum();
        return total <= 0
            ? this
            : new(
                Backends,
                [.. _sums.Select((s, i) => s.With(counts[i], total))],
                [.. _expected.Select((e, i) => e + expected[i])]
            );
    }

    /// <summary>What was seen since an earlier state.</summary>
    public AsymptoticShares Since(AsymptoticShares earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        return new(
            Backends,
            [.. _sums.Select((s, i) => s.Since(earlier._sums[i]))],
            [.. _expected.Select((e, i) => e - earlier._expected[i])]
        );
    }

    /// <summary>ln of (1/2K) Σ (E against p ≤ u + E against p ≥ l).</summary>
    public double LogSkewed(double tolerance)
    {
        var (expected, sum) = (Expected, double.NegativeInfinity);
        for (var i = 0; i < _sums.Length; i++)
        {
            if (expected.Highest(i, tolerance) is < 1 and var highest)
                sum = LogSpace.LogAdd(sum, _sums[i].LogAgainstAtMost(highest));
            if (expected.Weights[i] > 0)
                sum = LogSpace.LogAdd(sum, _sums[i].LogAgainstAtLeast(expected.Lowest(i, tolerance)));
        }
        return expected.Competing == 0 || _sums.Length < 2 ? double.NegativeInfinity : sum - Math.Log(2 * _sums.Length);
    }

    /// <summary>ln of the least evidence that a share is inside its tolerance.</summary>
    public double LogEven(double tolerance)
    {
        var expected = Expected;
        if (expected.Competing == 0)
            return double.NegativeInfinity;
        var least = double.PositiveInfinity;
        for (var i = 0; i < _sums.Length; i++)
        {
            var weight = expected.Weights[i];
            if (weight == 1 || (weight == 0 && _sums[i].X == 0))
                continue;
            if (expected.Highest(i, tolerance) is < 1 and var highest)
                least = Math.Min(least, _sums[i].LogAgainstAtLeast(highest));
            if (weight > 0)
                least = Math.Min(least, _sums[i].LogAgainstAtMost(expected.Lowest(i, tolerance)));
        }
        return double.IsPositiveInfinity(least) && Intervals < RatioSums.MinIntervals ? double.NegativeInfinity : least;
    }

    /// <summary>The verdict; its error probability is asymptotic.</summary>
    /// <param name="unit">What the events are, where even batches of them are known not to be independent: there is no
    /// error bound then.</param>
    public Verdict Verdict(VerdictOptions options, SelectionUnit unit = SelectionUnit.FreshSelection)
    {
        ArgumentNullException.ThrowIfNull(options);
        var threshold = -Math.Log(options.ErrorProbability);
        var weights = Expected.Weights;
        var (skewed, even) = (LogSkewed(options.Tolerance), LogEven(options.Tolerance));
        var kind =
            skewed >= threshold ? VerdictKind.Skewed
            : even >= threshold ? VerdictKind.Even
            : VerdictKind.Undecided;
        var shares = Backends
            .Select(
                (name, i) =>
                    new BackendShare(
                        name,
                        weights[i],
                        (long)Math.Round(_sums[i].X),
                        VerdictOfCounts.Consistent(
                            _sums[i].Interval(options.ErrorProbability / Backends.Length),
                            kind,
                            weights[i],
                            options.Tolerance
                        )
                    )
            )
            .ToImmutableArray();
        return new Verdict
        {
            Kind = kind,
            Cases = CasesOf(weights, options.Tolerance),
            Unit = unit,
            ErrorProbability =
                unit is not SelectionUnit.FreshSelection || weights.All(w => w == 0) ? null : options.ErrorProbability,
            Tolerance = options.Tolerance,
            LogEvidenceSkewed = skewed,
            LogEvidenceEven = even,
            Connections = (long)Math.Round(Total),
            Unattributed = 0,
            Shares = shares,
            HalfWidth = shares
                .Where(s => s.Expected > 0)
                .Select(s => s.Share.HalfWidth / s.Expected)
                .DefaultIfEmpty(double.PositiveInfinity)
                .Max(),
            FurtherConnections = kind is VerdictKind.Undecided ? Further(options.Tolerance, threshold) : 0,
            ScrapeIntervals = Intervals,
        };
    }

    private static SpecialCases CasesOf(ImmutableArray<double> weights, double tolerance)
    {
        var cases = weights.Count(w => w > 0) switch
        {
            0 => SpecialCases.NoBackend,
            1 => SpecialCases.OneBackend,
            _ => SpecialCases.None,
        };
        if (weights.Any(w => w == 0))
            cases |= SpecialCases.ZeroWeight;
        if (weights.Any(w => w is > 0 and < 1 && w * (1 + tolerance) >= 1))
            cases |= SpecialCases.ToleranceReachesOne;
        return cases;
    }

    /// <summary>Events beyond those seen until a decision, if shares and spread stay as they are; null when a
    /// thousandfold of what was seen does not do.</summary>
    private long? Further(double tolerance, double threshold)
    {
        if (Total <= 0)
            return null;
        var first = Math.Max(1.1, (double)RatioSums.MinIntervals / Intervals);
        for (var factor = first; factor < 1000 * first; factor *= 1.1)
        {
            var scaled = new AsymptoticShares(
                Backends,
                [.. _sums.Select(s => s.Scaled(factor))],
                [.. _expected.Select(e => e * factor)]
            );
            if (scaled.LogSkewed(tolerance) >= threshold || scaled.LogEven(tolerance) >= threshold)
                return (long)Math.Ceiling((factor - 1) * Total);
        }
        return null;
    }
}
