namespace CiliumDebugging.Statistics;

/// <summary>lnΓ, ln B and the regularised incomplete beta I_x(a, b), in logarithms so that tails below 1e-308 keep
/// their digits.</summary>
public static class SpecialFunctions
{
    private const double HalfLogTwoPi = 0.9189385332046727;

    /// <summary>Stirling's series is exact to double precision from here on.</summary>
    private const double SeriesFrom = 10;

    /// <summary>ln Γ(x) for x &gt; 0 (Stirling's series, DLMF 5.11.1, after shifting x upwards with Γ(x + 1) =
    /// xΓ(x)).</summary>
    /// <exception cref="ArgumentOutOfRangeException">x is not positive and finite.</exception>
    public static double LogGamma(double x)
    {
        RequirePositive(x, nameof(x));
        var shift = 1.0;
        for (; x < SeriesFrom; x++)
            shift *= x;
        return (x - 0.5) * Math.Log(x) - x + HalfLogTwoPi + StirlingCorrection(x) - Math.Log(shift);
    }

    /// <summary>ln B(a, b) = lnΓ(a) + lnΓ(b) − lnΓ(a + b) for a, b &gt; 0, without the cancellation of the three
    /// terms.</summary>
    /// <exception cref="ArgumentOutOfRangeException">a or b is not positive and finite.</exception>
    public static double LogBeta(double a, double b)
    {
        RequirePositive(a, nameof(a));
        RequirePositive(b, nameof(b));
        var shift = 1.0;
        for (; a < SeriesFrom; a++)
            shift *= (a + b) / a;
        for (; b < SeriesFrom; b++)
            shift *= (a + b) / b;
        return -a * LogSpace.LogOnePlus(b / a)
            - b * LogSpace.LogOnePlus(a / b)
            + 0.5 * (Math.Log(1 / a + 1 / b))
            + HalfLogTwoPi
            + StirlingCorrection(a)
            + StirlingCorrection(b)
            - StirlingCorrection(a + b)
            + Math.Log(shift);
    }

    /// <summary>ln I_x(a, b): the log-probability that a Beta(a, b) variable is at most x. −∞ for x ≤ 0, 0 for x ≥
    /// 1.</summary>
    public static double LogBetaLower(double x, double a, double b) =>
        x switch
        {
            <= 0 => double.NegativeInfinity,
            >= 1 => 0,
            _ => LogTail(x, 1 - x, Math.Log(x), LogSpace.LogOnePlus(-x), a, b, LogBeta(a, b)),
        };

    /// <summary>ln[1 − I_x(a, b)]: the log-probability that a Beta(a, b) variable exceeds x. 0 for x ≤ 0, −∞ for x ≥
    /// 1.</summary>
    public static double LogBetaUpper(double x, double a, double b) =>
        x switch
        {
            <= 0 => 0,
            >= 1 => double.NegativeInfinity,
            _ => LogTail(1 - x, x, LogSpace.LogOnePlus(-x), Math.Log(x), b, a, LogBeta(a, b)),
        };

    /// <summary>The smaller tail comes from its own continued fraction; only the larger one is taken as a
    /// complement.</summary>
    /// <remarks>y = 1 − x, and everything that callers know already: ln x, ln y, ln B(a, b).</remarks>
    internal static double LogTail(double x, double y, double logX, double logY, double a, double b, double logBeta)
    {
        if (x < (a + 1) / (a + b + 2))
        {
            var direct = LogFraction(x, logX, logY, a, b, logBeta);
            return Math.Min(direct, 0);
        }
        var other = LogFraction(y, logY, logX, b, a, logBeta);
        // With a small parameter even the "smaller" tail can be nearly all of the mass: then its complement has few
        // digits left.
        return other > -0.1 ? Math.Min(LogFraction(x, logX, logY, a, b, logBeta), 0) : LogSpace.LogOneMinusExp(other);
    }

    /// <summary>The continued fraction of I_x(a, b), DLMF 8.17.22, by Lentz's method; about √max(a, b) steps near the
    /// mean.</summary>
    private static double LogFraction(double x, double logX, double logY, double a, double b, double logBeta)
    {
        const double tiny = 1e-300;
        const int mostSteps = 10_000_000;
        var c = 1.0;
        var d = 1 - (a + b) * x / (a + 1);
        d = 1 / (Math.Abs(d) < tiny ? tiny : d);
        var fraction = d;
        for (var m = 1; m < mostSteps; m++)
        {
            var even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / Guard(1 + even * d);
            c = Guard(1 + even / c);
            fraction *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / Guard(1 + odd * d);
            c = Guard(1 + odd / c);
            var change = d * c;
            fraction *= change;
            if (Math.Abs(change - 1) < 1e-15)
                return a * logX + b * logY - logBeta + Math.Log(fraction / a);
        }
        throw new ArithmeticException($"The incomplete beta function did not converge for x = {x}, a = {a}, b = {b}.");

        static double Guard(double value) => Math.Abs(value) < tiny ? tiny : value;
    }

    /// <summary>lnΓ(x) − [(x − ½) ln x − x + ½ ln 2π] for x ≥ 10.</summary>
    private static double StirlingCorrection(double x)
    {
        var s = 1 / (x * x);
        return (
                1.0 / 12
                - s
                    * (
                        1.0 / 360
                        - s * (1.0 / 1260 - s * (1.0 / 1680 - s * (1.0 / 1188 - s * (691.0 / 360360 - s / 156))))
                    )
            ) / x;
    }

    private static void RequirePositive(double value, string name)
    {
        if (!(value > 0) || double.IsInfinity(value))
            throw new ArgumentOutOfRangeException(name, value, "The argument must be positive and finite.");
    }
}
