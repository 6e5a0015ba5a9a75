using CsCheck;
using Reference = MathNet.Numerics.SpecialFunctions;

namespace CiliumDebugging.Statistics.Tests;

public class SpecialFunctionsTests
{
    [Theory]
    [InlineData(1e-6)]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9.999)]
    [InlineData(10)]
    [InlineData(171.5)]
    [InlineData(123456.75)]
    public void LogGamma_agrees_with_MathNet(double x) =>
        ShouldAgree(SpecialFunctions.LogGamma(x), Reference.GammaLn(x));

    [Fact]
    public void LogBeta_agrees_with_MathNet_over_eight_orders_of_magnitude() =>
        Gen.Select(LogUniform(1e-3, 1e5), LogUniform(1e-3, 1e5))
            .Sample(
                (a, b) =>
                    ShouldAgree(
                        SpecialFunctions.LogBeta(a, b),
                        Reference.GammaLn(a) + Reference.GammaLn(b) - Reference.GammaLn(a + b)
                    )
            );

    [Fact]
    public void Both_tails_of_the_incomplete_beta_agree_with_MathNet_where_MathNet_has_digits() =>
        Gen.Select(LogUniform(0.05, 2000), LogUniform(0.05, 2000), Gen.Double[0.01, 0.99])
            .Sample(
                (a, b, x) =>
                {
                    var lower = Reference.BetaRegularized(a, b, x);
                    // Below this MathNet's value, or its complement, has fewer than nine digits.
                    if (lower is > 1e-4 and < 1 - 1e-4)
                    {
                        ShouldAgree(SpecialFunctions.LogBetaLower(x, a, b), Math.Log(lower));
                        ShouldAgree(SpecialFunctions.LogBetaUpper(x, a, b), Math.Log(1 - lower));
                    }
                }
            );

    [Theory]
    [InlineData(0.5, 40_000, 60_000)]
    [InlineData(0.383, 33_333, 66_667)]
    [InlineData(0.05, 33_333, 66_667)]
    [InlineData(0.9, 3, 5_000)]
    public void Tails_far_below_the_smallest_double_agree_with_integrating_the_density(double x, double a, double b)
    {
        var (tail, expected) =
            x > a / (a + b)
                ? (SpecialFunctions.LogBetaUpper(x, a, b), ReferenceEvidence.LogBetaMass(x, 1, a, b))
                : (SpecialFunctions.LogBetaLower(x, a, b), ReferenceEvidence.LogBetaMass(0, x, a, b));
        tail.ShouldBeLessThan(-300);
        ShouldAgree(tail, expected);
    }

    [Fact]
    public void The_two_tails_always_sum_to_one() =>
        Gen.Select(LogUniform(1e-3, 1e5), LogUniform(1e-3, 1e5), Gen.Double[0.001, 0.999])
            .Sample(
                (a, b, x) =>
                    (
                        Math.Exp(SpecialFunctions.LogBetaLower(x, a, b))
                        + Math.Exp(SpecialFunctions.LogBetaUpper(x, a, b))
                    ).ShouldBe(1, 1e-9)
            );

    [Fact]
    public void A_closed_form_tail_is_exact() =>
        // I_x(n, 1) = x^n, so its logarithm is n ln x, however small.
        SpecialFunctions.LogBetaLower(0.01, 5000, 1).ShouldBe(5000 * Math.Log(0.01), 1e-8);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Arguments_outside_the_domain_are_refused(double x)
    {
        Should.Throw<ArgumentOutOfRangeException>(() => SpecialFunctions.LogGamma(x));
        Should.Throw<ArgumentOutOfRangeException>(() => SpecialFunctions.LogBeta(1, x));
    }

    private static Gen<double> LogUniform(double from, double to) =>
        Gen.Double[Math.Log(from), Math.Log(to)].Select(Math.Exp);

    private static void ShouldAgree(double actual, double expected) =>
        actual.ShouldBe(expected, 1e-9 * Math.Max(1, Math.Abs(expected)));
}
