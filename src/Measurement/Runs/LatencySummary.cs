using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>A quantile of the latency with its interval, ms.</summary>
/// <param name="Lower">Lower end of the interval.</param>
public readonly record struct QuantileMs(double Estimate, double Lower, double Upper);

/// <summary>Latency from the intended start to the end, of every request that was sent.</summary>
/// <param name="MaxMs">Longest, ms.</param>
public sealed record LatencySummary(long Count, QuantileMs P50, QuantileMs P90, QuantileMs P99, double MaxMs)
{
    /// <summary>Summarises a histogram; null when it is empty.</summary>
    /// <param name="errorProbability">Probability that any of the three intervals misses, (0, 1).</param>
    public static LatencySummary? Of(Latencies latencies, double errorProbability = 1e-4)
    {
        ArgumentNullException.ThrowIfNull(latencies);
        if (latencies.Count == 0)
            return null;
        QuantileMs At(double p) => QuantileOf(latencies, p, errorProbability / 3);
        return new LatencySummary(latencies.Count, At(0.5), At(0.9), At(0.99), latencies.Max.TotalMilliseconds);
    }

    /// <summary>The q-quantile lies above the k-th smallest latency as long as q is above the interval of k of n: the
    /// interval of the distribution function, inverted (<see cref="Proportion"/>, so it holds at every moment one
    /// looks).</summary>
    private static QuantileMs QuantileOf(Latencies latencies, double q, double errorProbability)
    {
        var n = latencies.Count;
        var lower = FirstRank(n, k => Proportion.Interval(k, n, errorProbability).Upper >= q);
        var upper = FirstRank(n, k => Proportion.Interval(k, n, errorProbability).Lower > q);
        return new QuantileMs(
            Ms(q),
            Ms((double)lower / n),
            upper > n ? latencies.Max.TotalMilliseconds : Ms((double)upper / n)
        );
        double Ms(double share) => latencies.Quantile(share).TotalMilliseconds;
    }

    private static long FirstRank(long n, Func<long, bool> holds)
    {
        var (low, high) = (0L, n + 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (middle <= n && !holds(middle))
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
