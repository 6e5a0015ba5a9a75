using MathNet.Numerics.Integration;
using MathNetFunctions = MathNet.Numerics.SpecialFunctions;

namespace CiliumDebugging.Statistics.Tests;

/// <summary>The formulas of the specification written again, plainly, with MathNet.Numerics or by integrating the
/// definition.</summary>
internal static class ReferenceEvidence
{
    public static double R(double q, double s, double n, double a, double b) =>
        MathNetFunctions.BetaLn(a + s, b + n - s)
        - MathNetFunctions.BetaLn(a, b)
        - s * Math.Log(q)
        - (n - s) * Math.Log(1 - q);

    public static double Up(double q, double s, double n, double a, double b) =>
        R(q, s, n, a, b)
        + Math.Log(1 - MathNetFunctions.BetaRegularized(a + s, b + n - s, q))
        - Math.Log(1 - MathNetFunctions.BetaRegularized(a, b, q));

    public static double Down(double q, double s, double n, double a, double b) =>
        R(q, s, n, a, b)
        + Math.Log(MathNetFunctions.BetaRegularized(a + s, b + n - s, q))
        - Math.Log(MathNetFunctions.BetaRegularized(a, b, q));

    public static double Skewed(double[] weights, long[] counts, double tolerance)
    {
        double n = counts.Sum();
        var k = weights.Length;
        var sum = 0.0;
        for (var i = 0; i < k; i++)
        {
            foreach (var concentration in Concentrations(k, tolerance))
            {
                var (a, b) = (concentration * weights[i], concentration * (1 - weights[i]));
                sum += 0.5 * Math.Exp(Up(weights[i] * (1 + tolerance), counts[i], n, a, b));
                sum += 0.5 * Math.Exp(Down(weights[i] * (1 - tolerance), counts[i], n, a, b));
            }
        }
        return Math.Log(sum / (2 * k));
    }

    public static double Even(double[] weights, long[] counts, double tolerance)
    {
        double n = counts.Sum();
        var k = weights.Length;
        var least = double.PositiveInfinity;
        for (var i = 0; i < k; i++)
        {
            double notTooMuch = 0,
                notTooLittle = 0;
            foreach (var concentration in Concentrations(k, tolerance))
            {
                var (a, b) = (concentration * weights[i], concentration * (1 - weights[i]));
                notTooMuch += 0.5 * Math.Exp(Down(weights[i] * (1 + tolerance), counts[i], n, a, b));
                notTooLittle += 0.5 * Math.Exp(Up(weights[i] * (1 - tolerance), counts[i], n, a, b));
            }
            least = Math.Min(least, Math.Min(Math.Log(notTooMuch), Math.Log(notTooLittle)));
        }
        return least;
    }

    /// <summary>ln of the integral of the beta density from <paramref name="from"/> to <paramref name="to"/>, relative
    /// to its maximum there, by quadrature.</summary>
    public static double LogBetaMass(double from, double to, double a, double b)
    {
        double LogDensity(double p) => (a - 1) * Math.Log(p) + (b - 1) * Math.Log(1 - p);
        var mode = Math.Clamp((a - 1) / (a + b - 2), from, to);
        var peak = LogDensity(mode);
        // A tail decays from its end within a few multiples of 1/|slope|; beyond 60 of them nothing is left in double
        // precision.
        var slope = Math.Abs((a - 1) / mode - (b - 1) / (1 - mode));
        var reach = 60 / slope;
        var (left, right) = (Math.Max(from, mode - reach), Math.Min(to, mode + reach));
        var integral = GaussLegendreRule.Integrate(p => Math.Exp(LogDensity(p) - peak), left, right, 1024);
        return peak + Math.Log(integral) - MathNetFunctions.BetaLn(a, b);
    }

    private static double[] Concentrations(int k, double tolerance) => [k, (k - 1) / (tolerance * tolerance)];
}
