namespace CiliumDebugging.Statistics.Tests;

public class DecisionForecastTests
{
    [Fact]
    public void A_thousand_even_connections_are_undecided_and_say_how_many_more_are_needed()
    {
        var verdict = SkewTest.Evaluate(Draws.ThreePods, BackendCounts.Of(334, 333, 333));
        verdict.Kind.ShouldBe(VerdictKind.Undecided);
        verdict.ErrorProbability.ShouldBe(1e-4);
        verdict.FurtherConnections.ShouldNotBeNull().ShouldBeInRange(1000, 3000);
        VerdictText.Describe(verdict).ShouldContain("undecided");
    }

    [Fact]
    public void The_forecast_is_where_the_scaled_counts_are_decided()
    {
        var forecast = SkewTest
            .Evaluate(Draws.ThreePods, BackendCounts.Of(200, 150, 150))
            .FurtherConnections.ShouldNotBeNull();
        // Counts are whole numbers here, and the forecast is rounded up to 0.1 %.
        Scaled((500 + forecast) * 101 / 100).ShouldNotBe(VerdictKind.Undecided);
        Scaled((500 + forecast) * 98 / 100).ShouldBe(VerdictKind.Undecided);

        // The shares are drawn towards 1/3 by 2/0.15² observations.
        static VerdictKind Scaled(long n)
        {
            const double Prior = 2 / (0.15 * 0.15);
            var (first, others) = ((200 + Prior / 3) / (500 + Prior), (150 + Prior / 3) / (500 + Prior));
            return SkewTest
                .Evaluate(
                    Draws.ThreePods,
                    BackendCounts.Of(
                        (long)Math.Round(n * first),
                        (long)Math.Round(n * others),
                        (long)Math.Round(n * others)
                    )
                )
                .Kind;
        }
    }

    [Fact]
    public void A_few_connections_that_happen_to_lie_at_the_edge_of_the_tolerance_do_not_forecast_millions()
    {
        // 58 of 150 is 38.7 %, and 38.3 % the edge.
        SkewTest
            .Evaluate(Draws.ThreePods, BackendCounts.Of(58, 42, 50))
            .FurtherConnections.ShouldNotBeNull()
            .ShouldBeInRange(3_000, 50_000);
    }

    [Fact]
    public void Without_data_the_forecast_assumes_the_expected_shares() =>
        SkewTest
            .Evaluate(Draws.ThreePods, BackendCounts.Of(0, 0, 0))
            .FurtherConnections.ShouldNotBeNull()
            .ShouldBeInRange(2000, 4000);

    [Fact]
    public void Half_of_the_selections_unattributed_leave_no_decision_in_sight()
    {
        var verdict = SkewTest.Evaluate(Draws.ThreePods, new BackendCounts([1000, 1000, 1000], 3000));
        verdict.Kind.ShouldBe(VerdictKind.Undecided);
        verdict.Cases.HasFlag(SpecialCases.Unattributed).ShouldBeTrue();
        verdict.FurtherConnections.ShouldBeNull();
    }

    [Theory]
    [InlineData(3, 50, "about 10 s more at 50/s to decide")]
    [InlineData(2_900, 50, "about 1 min more at 50/s to decide")]
    [InlineData(6_276, 50, "about 3 min more at 50/s to decide")]
    [InlineData(60_000, 50, "about 20 min more at 50/s to decide")]
    [InlineData(179_000, 50, "about 1 h more at 50/s to decide")]
    [InlineData(1_253_053, 50, "a decision is not in sight at 50/s; try --rate 500")]
    [InlineData(90_000_000, 0.001, "a decision is not in sight at 0.001/s; try --rate 50000")]
    [InlineData(null, 50, "no decision in sight at these shares")]
    public void A_forecast_is_a_time_in_steps_and_ends_at_an_hour(int? further, double perSecond, string text) =>
        VerdictText.Forecast(further, perSecond).ShouldBe(text);

    /// <summary>An observer does not control the load, and <c>observe</c> has no <c>--rate</c>.</summary>
    [Theory]
    [InlineData(5, "; look longer: --for ")]
    [InlineData(0.001, "; it needs more than 30 days")]
    public void What_is_only_observed_is_to_be_looked_at_for_longer(double perSecond, string expected)
    {
        var verdict = SkewTest.Evaluate(Draws.ThreePods, new BackendCounts([60, 50, 40], 0)) with
        {
            ScrapeIntervals = 30,
        };

        var text = VerdictText.Describe(verdict, perSecond / 10);

        text.ShouldContain(expected);
        text.ShouldNotContain("--rate");
        if (expected.EndsWith("--for ", StringComparison.Ordinal))
            int.Parse(text[(text.IndexOf("--for ", StringComparison.Ordinal) + 6)..^1])
                .ShouldBe((int)Math.Ceiling((150 + verdict.FurtherConnections!.Value) / (perSecond / 10) / 3600));
    }

    [Fact]
    public void The_forecast_stays_while_its_estimate_moves_a_little() =>
        Enumerable
            .Range(0, 50)
            .Select(i => VerdictText.Forecast(10_000 + 10 * i, 50))
            .Distinct()
            .ShouldHaveSingleItem()
            .ShouldBe("about 4 min more at 50/s to decide");
}
