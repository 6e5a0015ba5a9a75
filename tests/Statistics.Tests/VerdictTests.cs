using CsCheck;

namespace CiliumDebugging.Statistics.Tests;

public class VerdictTests
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

    [Fact]
    public void A_skewed_verdict_names_the_busiest_and_the_starved_backend()
    {
        var verdict = SkewTest.Evaluate(Draws.ThreePods, BackendCounts.Of(300, 900, 600));
        verdict.Kind.ShouldBe(VerdictKind.Skewed);
        verdict.Busiest.ShouldBe("backend-b");
        verdict.Starved.ShouldBe("backend-a");
        verdict.FurtherConnections.ShouldBe(0);
    }

    [Fact]
    public void Unknown_ports_take_the_error_probability_away()
    {
        var verdict = SkewTest.Evaluate(Draws.ThreePods, BackendCounts.Of(300, 900, 600), unit: SelectionUnit.Unknown);
        verdict.ErrorProbability.ShouldBeNull();
        var text = VerdictText.Describe(verdict);
        text.ShouldContain("no error bound");
        text.ShouldContain("1,800 requests");
        text.ShouldNotContain("connections");
        text.ShouldNotContain("to decide");
    }

    [Fact]
    public void One_backend_is_even_by_itself()
    {
        var verdict = SkewTest.Evaluate(ExpectedShares.Equal("only"), BackendCounts.Of(5));
        verdict.Kind.ShouldBe(VerdictKind.Even);
        verdict.Cases.ShouldBe(SpecialCases.OneBackend);
    }

    [Fact]
    public void No_expected_backend_is_undecided_without_an_error_probability()
    {
        var verdict = SkewTest.Evaluate(ExpectedShares.Equal(), BackendCounts.Of());
        verdict.Kind.ShouldBe(VerdictKind.Undecided);
        verdict.Cases.ShouldBe(SpecialCases.NoBackend);
        verdict.ErrorProbability.ShouldBeNull();
    }

    [Fact]
    public void A_backend_that_should_receive_nothing_is_skew_once_it_was_selected()
    {
        var expected = ExpectedShares.Weighted(["a", "b", "unready"], [1, 1, 0]);
        SkewTest.Evaluate(expected, BackendCounts.Of(4000, 4000, 0)).Kind.ShouldBe(VerdictKind.Even);
        var verdict = SkewTest.Evaluate(expected, BackendCounts.Of(4000, 4000, 1));
        verdict.Kind.ShouldBe(VerdictKind.Skewed);
        verdict.Cases.ShouldBe(SpecialCases.ZeroWeight | SpecialCases.SelectedWithoutWeight);
        verdict.Busiest.ShouldBe("unready");
    }

    [Fact]
    public void A_tolerance_that_reaches_one_is_named_and_the_other_bounds_still_decide()
    {
        var expected = ExpectedShares.Weighted(["main", "canary"], [9, 1]);
        var even = SkewTest.Evaluate(expected, BackendCounts.Of(90_000, 10_000));
        even.Cases.ShouldBe(SpecialCases.ToleranceReachesOne);
        even.Kind.ShouldBe(VerdictKind.Even);
        SkewTest.Evaluate(expected, BackendCounts.Of(500, 0)).Kind.ShouldBe(VerdictKind.Skewed);
    }

    [Fact]
    public void No_weights_and_counts_give_anything_that_is_not_a_number() =>
        Gen.Select(Gen.Double[-6, 0].Array[1, 30], Gen.Double[0, 5].Array[30], Gen.Int[1, 1000], Gen.Int[0, 30])
            .Sample(
                (exponents, sizes, unknown, zero) =>
                {
                    double[] weights = [.. exponents.Select((e, i) => i == zero ? 0 : Math.Pow(10, e))];
                    long[] counts = [.. exponents.Select((_, i) => i == zero ? 0 : (long)Math.Pow(10, sizes[i]))];
                    var expected = ExpectedShares.Weighted([.. weights.Select((_, i) => $"pod-{i}")], weights);
                    var verdict = SkewTest.Evaluate(expected, new BackendCounts([.. counts], unknown));
                    double.IsNaN(verdict.LogEvidenceSkewed).ShouldBeFalse();
                    double.IsNaN(verdict.LogEvidenceEven).ShouldBeFalse();
                    foreach (var share in verdict.Shares)
                    {
                        share.Share.Lower.ShouldBeInRange(0, share.Share.Estimate);
                        share.Share.Upper.ShouldBeInRange(share.Share.Estimate, 1);
                    }
                    VerdictText.Describe(verdict).ShouldNotContain("NaN");
                },
                iter: 100
            );

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

    [Fact]
    public void The_forecast_stays_while_its_estimate_moves_a_little() =>
        Enumerable
            .Range(0, 50)
            .Select(i => VerdictText.Forecast(10_000 + 10 * i, 50))
            .Distinct()
            .ShouldHaveSingleItem()
            .ShouldBe("about 4 min more at 50/s to decide");

    [Fact]
    public void Every_starved_backend_is_named()
    {
        var expected = ExpectedShares.Equal("a", "b", "c");
        Text(0, 0, 500).ShouldContain("busiest c, starved a, b (");
        Text(500, 500, 200).ShouldContain("starved c (");
        Text(0, 320, 500).ShouldContain("starved a (");

        string Text(params long[] counts) =>
            VerdictText.Describe(SkewTest.Evaluate(expected, new BackendCounts([.. counts], 0)));
    }

    [Fact]
    public void An_even_verdict_leaves_no_interval_beyond_its_tolerance()
    {
        // Counts at which "even" has just been reached, where the intervals alone are wider than the tolerance.
        var test = new SkewTest(Draws.ThreePods);
        var n = 0;
        while (!test.IsEven)
            test.Add(n++ % 3);
        var verdict = test.Verdict();

        test.Intervals().ShouldContain(i => i.HalfWidth * 3 > verdict.Tolerance);
        verdict.HalfWidth.ShouldBeLessThanOrEqualTo(verdict.Tolerance + 1e-9);
        VerdictText.Describe(verdict).ShouldContain("even within ±15 %");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Options_outside_their_range_are_refused(double value)
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new VerdictOptions { ErrorProbability = value });
        Should.Throw<ArgumentOutOfRangeException>(() => new VerdictOptions { Tolerance = value });
    }

    [Fact]
    public void Weights_that_make_no_sense_are_refused()
    {
        Should.Throw<ArgumentException>(() => ExpectedShares.Weighted(["a", "b"], [1]));
        Should.Throw<ArgumentException>(() => ExpectedShares.Weighted(["a", "a"], [1, 1]));
        Should.Throw<ArgumentException>(() => ExpectedShares.Weighted(["a", "b"], [1, -1]));
        Should.Throw<ArgumentException>(() => ExpectedShares.Weighted(["a", "b"], [1, double.NaN]));
    }
}
