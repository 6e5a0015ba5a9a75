namespace CiliumDebugging.Statistics;

/// <summary>Elementary functions on natural logarithms that stay accurate near 0 and 1.</summary>
/// <remarks>.NET's <c>double.LogP1</c> and <c>double.ExpM1</c> are <c>Log(x + 1)</c> and <c>Exp(x) - 1</c>: they lose
/// every digit for small x.</remarks>
internal static class LogSpace
{
    /// <summary>ln(1 + x), x ≥ −1, accurate for small |x| (Kahan's correction of the rounded 1 + x).</summary>
    public static double LogOnePlus(double x)
    {
        var rounded = 1 + x;
        return rounded == 1 || double.IsInfinity(rounded) ? x : Math.Log(rounded) * (x / (rounded - 1));
    }

    /// <summary>ln(1 − eˣ) for x ≤ 0: the logarithm of a complement.</summary>
    public static double LogOneMinusExp(double x) =>
        x switch
        {
            >= 0 => double.NegativeInfinity,
            > -0.6931471805599453 => Math.Log(OneMinusExp(x)),
            _ => LogOnePlus(-Math.Exp(x)),
        };

    /// <summary>ln(eˣ + eʸ); either may be ±∞.</summary>
    public static double LogAdd(double x, double y)
    {
        var (large, small) = x >= y ? (x, y) : (y, x);
        return double.IsInfinity(large) || double.IsNegativeInfinity(small)
            ? large
            : large + LogOnePlus(Math.Exp(small - large));
    }

    /// <summary>ln of the mean of eˣ and eʸ: two e-values averaged are an e-value.</summary>
    public static double LogMean(double x, double y) => LogAdd(x, y) - 0.6931471805599453;

    private static double OneMinusExp(double x)
    {
        var rounded = Math.Exp(x);
        return rounded == 1 ? -x : (1 - rounded) * (x / Math.Log(rounded));
    }
}
