using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>Turns counts into evidence for and against "every backend's share is within the tolerance of the expected
/// one". Immutable: the same instance serves every start of an onset search.</summary>
/// <remarks>A selection whose backend is unknown may have gone anywhere, so it counts against every conclusion: as if
/// it missed a backend where a large count is evidence and as if it hit it where a small count is. Each e-value rises
/// (or falls) with S, hence the bound is below the e-value of the true attribution, and the error probability holds
/// whatever that was.</remarks>
internal sealed class SkewEvidence
{
    private readonly ShareEvidence?[] _shares;
    private readonly BetaPrior _alone = BetaPrior.WithMean(0.5, 1);
    private readonly double _logTerms;

    public SkewEvidence(ExpectedShares expected, double tolerance)
    {
        (Expected, Tolerance) = (expected, tolerance);
        Competing = expected.Competing;
        _shares =
        [
            .. expected.Weights.Select(
                (w, i) =>
                    Competing == 0 ? null
                    : w == 0 ? ShareEvidence.OfNone(expected.Highest(i, tolerance), Competing, tolerance)
                    : Competing > 1 ? new ShareEvidence(w, Competing, tolerance)
                    : null
            ),
        ];
        _logTerms = Math.Log(Math.Max(1, _shares.Sum(s => s?.Sides ?? 0)));
        UpperReachesOne = _shares.Any(s => s is { UpperReachesOne: true });
    }

    public ExpectedShares Expected { get; }

    /// <summary>τ.</summary>
    public double Tolerance { get; }

    /// <summary>Backends with an expected share above 0.</summary>
    public int Competing { get; }
    public bool UpperReachesOne { get; }

    /// <summary>The most by which one selection can raise <see cref="LogSkewed"/> (the greatest likelihood ratio of one
    /// selection).</summary>
    public double LogGreatestStep => _shares.Max(s => s?.LogGreatestStep) ?? 1;

    /// <summary>The most by which one selection can raise <see cref="LogEven"/>.</summary>
    public double LogGreatestEvenStep => _shares.Max(s => s?.LogGreatestInsideStep) ?? 1;

    /// <summary>ln of the mean of e^Up(u) and e^Dn(l) over all backends (of e^Up(u) alone where the expected share is
    /// 0).</summary>
    public double LogSkewed(ReadOnlySpan<double> counts, double unattributed)
    {
        var n = Total(counts, unattributed);
        var sum = double.NegativeInfinity;
        for (var i = 0; i < counts.Length; i++)
        {
            if (_shares[i] is { } share)
                sum = LogSpace.LogAdd(sum, share.Outside(counts[i], counts[i] + unattributed, n));
        }
        return sum - _logTerms;
    }

    /// <summary>ln of min over backends of min(e^Dn(u), e^Up(l)): evidence that every share is within the
    /// tolerance.</summary>
    public double LogEven(ReadOnlySpan<double> counts, double unattributed)
    {
        var n = Total(counts, unattributed);
        if (Competing == 0 || (Competing == 1 && (n == 0 || unattributed > 0)))
            return double.NegativeInfinity;
        var least = double.PositiveInfinity;
        for (var i = 0; i < counts.Length; i++)
        {
            if (_shares[i] is { } share)
                least = Math.Min(least, share.Inside(counts[i], counts[i] + unattributed, n));
        }
        return least;
    }

    /// <summary>At least <see cref="LogSkewed"/>, from likelihood ratios alone (a mean is at most its greatest
    /// term).</summary>
    public double LogSkewedBound(ReadOnlySpan<double> counts, double unattributed)
    {
        var n = Total(counts, unattributed);
        var most = 0.0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (_shares[i] is { } share)
                most = Math.Max(most, share.OutsideBound(counts[i], counts[i] + unattributed, n));
        }
        return most;
    }

    /// <summary>A bound of <see cref="LogSkewedBound"/> without a logarithm (0 while all shares are inside the
    /// tolerance), and the number of selections that must follow before it can reach
    /// <paramref name="nats"/>.</summary>
    public (double Bound, double Selections) RoughSkewed(ReadOnlySpan<double> counts, double unattributed, double nats)
    {
        var n = Total(counts, unattributed);
        var (most, soonest) = (0.0, double.PositiveInfinity);
        for (var i = 0; i < counts.Length; i++)
        {
            if (_shares[i] is { } share)
            {
                var (bound, selections) = share.RoughOutside(counts[i], counts[i] + unattributed, n, nats);
                most = Math.Max(most, bound);
                soonest = Math.Min(soonest, selections);
            }
        }
        return (most, soonest);
    }

    /// <summary>At least <see cref="LogEven"/>, from likelihood ratios alone.</summary>
    public double LogEvenBound(ReadOnlySpan<double> counts, double unattributed)
    {
        var n = Total(counts, unattributed);
        var least = double.PositiveInfinity;
        for (var i = 0; i < counts.Length; i++)
        {
            if (_shares[i] is { } share)
                least = Math.Min(least, share.InsideBound(counts[i], counts[i] + unattributed, n));
        }
        return least;
    }

    /// <summary>Intervals that hold together for all K shares with probability 1 − α: { q : R(q) &lt; ln(K/α)
    /// }.</summary>
    public ImmutableArray<ShareInterval> Intervals(
        ReadOnlySpan<double> counts,
        double unattributed,
        double errorProbability
    )
    {
        var n = Total(counts, unattributed);
        var logThreshold = Math.Log(counts.Length / errorProbability);
        var intervals = ImmutableArray.CreateBuilder<ShareInterval>(counts.Length);
        for (var i = 0; i < counts.Length; i++)
        {
            var (lower, upper) = Interval(i, counts[i], n, logThreshold);
            if (unattributed > 0)
                upper = Interval(i, counts[i] + unattributed, n, logThreshold).Upper;
            intervals.Add(new ShareInterval(n > 0 ? counts[i] / n : double.NaN, lower, upper));
        }
        return intervals.MoveToImmutable();
    }

    /// <summary>Selections of backends that should receive nothing.</summary>
    public double SelectedWithoutWeight(ReadOnlySpan<double> counts)
    {
        var sum = 0.0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (Expected.Weights[i] == 0)
                sum += counts[i];
        }
        return sum;
    }

    public static double Total(ReadOnlySpan<double> counts, double unattributed)
    {
        foreach (var count in counts)
            unattributed += count;
        return unattributed;
    }

    // A single backend has no prior of its own: it gets that of a success rate.
    private (double Lower, double Upper) Interval(int i, double s, double n, double logThreshold) =>
        _shares[i]?.Interval(s, n, logThreshold)
        ?? BetaPrior.Interval(_alone.After(s, n).LogMarginal, s, n, logThreshold);
}
