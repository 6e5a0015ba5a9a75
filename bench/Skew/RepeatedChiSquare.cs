namespace CiliumDebugging.Bench.Skew;

/// <summary>What the verdict is compared with: Pearson's χ² test of equal shares, repeated every 100 observations, at a
/// fixed level. For three backends (two degrees of freedom) its p-value is exp(−χ²/2), so the critical value is −2 ln
/// α.</summary>
internal sealed class RepeatedChiSquare(int backends, double alpha)
{
    private readonly long[] _counts = new long[backends];
    private long _total;

    /// <summary>Whether any look so far rejected.</summary>
    public bool Rejected { get; private set; }

    public void Add(int backend)
    {
        _counts[backend]++;
        if (++_total % 100 != 0 || Rejected)
            return;
        var expected = (double)_total / _counts.Length;
        var statistic = 0.0;
        foreach (var count in _counts)
            statistic += (count - expected) * (count - expected) / expected;
        Rejected = statistic >= Critical(alpha);
    }

    private double Critical(double level) =>
        _counts.Length == 3
            ? -2 * Math.Log(level)
            : throw new NotSupportedException("The closed form holds for three backends.");
}
