namespace CiliumDebugging.Statistics;

/// <summary>A Beta(a, b) prior of a share, and what it says after s of n selections.</summary>
internal sealed class BetaPrior
{
    private readonly double _a;
    private readonly double _b;
    private readonly double _logBeta;

    private BetaPrior(double a, double b)
    {
        (_a, _b) = (a, b);
        _logBeta = SpecialFunctions.LogBeta(a, b);
    }

    /// <summary>Beta(A·w, A·(1 − w)) with mean w in (0, 1) and concentration A &gt; 0.</summary>
    public static BetaPrior WithMean(double mean, double concentration) =>
        new(concentration * mean, concentration * (1 - mean));

    /// <summary>What s of n selections make of the prior.</summary>
    public BetaPosterior After(double s, double n)
    {
        var (a, b) = (_a + s, _b + n - s);
        var logBeta = SpecialFunctions.LogBeta(a, b);
        return new BetaPosterior(a, b, logBeta, logBeta - _logBeta);
    }

    /// <summary>The confidence sequence { q : R(q) &lt; threshold } with R(q) = <paramref name="logMarginal"/> − s ln q
    /// − (n−s) ln(1−q), which is convex in q.</summary>
    public static (double Lower, double Upper) Interval(double logMarginal, double s, double n, double logThreshold)
    {
        if (n <= 0)
            return (0, 1);
        var best = s / n;
        return (s <= 0 ? 0 : Root(0, best), s >= n ? 1 : Root(1, best));

        // The end of the interval between a rejected and the best supported share. The midpoint that is returned last
        // is on the rejected side, so rounding widens the interval.
        double Root(double rejected, double accepted)
        {
            for (var i = 0; i < 200 && Math.Abs(rejected - accepted) > 1e-13 * Math.Max(rejected, accepted); i++)
            {
                var middle = 0.5 * (rejected + accepted);
                if (middle == rejected || middle == accepted)
                    break;
                if (logMarginal - s * Math.Log(middle) - (n - s) * LogSpace.LogOnePlus(-middle) < logThreshold)
                    accepted = middle;
                else
                    rejected = middle;
            }
            return rejected;
        }
    }
}

/// <summary>Beta(<paramref name="A"/>, <paramref name="B"/>) after the data.</summary>
/// <param name="A">Prior a + S.</param>
/// <param name="B">Prior b + n − S.</param>
/// <param name="LogBeta">ln B(A, B).</param>
/// <param name="LogMarginal">ln[B(A, B)/B(a, b)]: the log-probability of the selections under the prior.</param>
internal readonly record struct BetaPosterior(double A, double B, double LogBeta, double LogMarginal)
{
    /// <summary>ln of marginal times the probability of a share above q, given ln q and ln(1 − q).</summary>
    public double LogAbove(double q, double logQ, double logRest) =>
        LogMarginal + SpecialFunctions.LogTail(1 - q, q, logRest, logQ, B, A, LogBeta);

    /// <summary>ln of marginal times the probability of a share below q.</summary>
    public double LogBelow(double q, double logQ, double logRest) =>
        LogMarginal + SpecialFunctions.LogTail(q, 1 - q, logQ, logRest, A, B, LogBeta);
}
