using CsCheck;

namespace CiliumDebugging.Statistics.Tests;

public class VerdictTests
{
    [Fact]
    public void A_skewed_verdict_names_the_busiest_and_the_starved_backend()
    {
        var verdict = SkewTest.Evaluate(Draws.ThreePods, BackendCounts.Of(300, 900, 600));
        verdict.Kind.ShouldBe(VerdictKind.Skewed);
        verdict.Busiest.ShouldBe("backend-b");
        verdict.Starved.ShouldBe(["backend-a"]);
        verdict.FurtherConnections.ShouldBe(0);
    }

    [Fact]
    public void Unknown_ports_take_the_error_probability_away()
    {
        var verdict = SkewTest.Evaluate(
            Draws.ThreePods,
            BackendCounts.Of(300, 900, 600),
            unit: SelectionUnit.UnknownPort
        );
        verdict.ErrorProbability.ShouldBeNull();
        var text = VerdictText.Describe(verdict);
        text.ShouldContain("(no error bound: client ports are unknown)");
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
    public void A_backend_that_should_receive_nothing_is_skew_once_it_gets_more_than_the_tolerance()
    {
        var expected = ExpectedShares.Weighted(["a", "b", "unready"], [1, 1, 0]);
        SkewTest.Evaluate(expected, BackendCounts.Of(4000, 4000, 0)).Kind.ShouldBe(VerdictKind.Even);
        var stray = SkewTest.Evaluate(expected, BackendCounts.Of(4000, 4000, 80));
        stray.Kind.ShouldBe(VerdictKind.Even);
        stray.Cases.ShouldBe(SpecialCases.ZeroWeight | SpecialCases.SelectedWithoutWeight);
        VerdictText
            .Describe(stray)
            .ShouldContain("1 of 3 backends is not to be chosen (80 of 8,080 connections went to it)");
        var verdict = SkewTest.Evaluate(expected, BackendCounts.Of(4000, 4000, 1000));
        verdict.Kind.ShouldBe(VerdictKind.Skewed);
        verdict.Busiest.ShouldBeNull();
        VerdictText
            .Describe(verdict)
            .ShouldStartWith(
                "skewed beyond ±15 %: 1 of 3 backends is not to be chosen (1,000 of 9,000 connections went to it)"
            );
        verdict.Starved.ShouldBeEmpty();
    }

    [Fact]
    public void Of_one_pod_that_is_to_be_chosen_few_connections_decide_and_stray_ones_are_counted()
    {
        var expected = ExpectedShares.Weighted(["local", "remote", "remote-2"], [1, 0, 0]);
        SkewTest.Evaluate(expected, BackendCounts.Of(10, 0, 0)).Kind.ShouldBe(VerdictKind.Undecided);
        var used = SkewTest.Evaluate(expected, BackendCounts.Of(394, 4, 4));
        used.Kind.ShouldBe(VerdictKind.Even);
        VerdictText
            .Describe(used)
            .ShouldStartWith("even within ±15 %: only local is to be chosen (8 of 402 connections went to the others)");
        var leak = SkewTest.Evaluate(expected, BackendCounts.Of(100, 100, 0));
        (leak.Kind, leak.Busiest).ShouldBe((VerdictKind.Skewed, null));
        leak.Starved.ShouldBe(["local"]);
        VerdictText
            .Describe(leak)
            .ShouldStartWith(
                "skewed beyond ±15 %: starved local; 2 of 3 backends are not to be chosen "
                    + "(100 of 200 connections went to those 2)"
            );
    }

    /// <summary>
    /// Two backends compete; the third should get nothing and gets the most that is tolerated, 7.5 %.
    /// </summary>
    [Fact]
    public void What_a_backend_without_weight_may_get_is_rarely_called_skewed_and_never_even_beyond_it()
    {
        const int Runs = 400;
        var options = new VerdictOptions { ErrorProbability = 0.05 };
        var (skewed, even) = (0, 0);
        for (var run = 0; run < Runs; run++)
        {
            var draws = new Draws(run);
            var test = new SkewTest(ExpectedShares.Weighted(["a", "b", "none"], [1, 1, 0]), options);
            var (wasSkewed, wasEven) = (false, false);
            for (var n = 0; n < 1_000; n++)
            {
                test.Add(draws.Chance(0.075) ? 2 : draws.Below(2));
                wasSkewed |= test.IsSkewed;
                wasEven |= test.IsEven;
            }
            skewed += wasSkewed ? 1 : 0;
            even += wasEven ? 1 : 0;
        }
        // 5 % of 400 are 20, plus two standard deviations.
        skewed.ShouldBeLessThanOrEqualTo(29);
        even.ShouldBeLessThanOrEqualTo(29);
    }

    [Fact]
    public void Every_starved_backend_is_named_and_the_worst_first()
    {
        var verdict = SkewTest.Evaluate(ExpectedShares.Equal("a", "b", "c", "d"), BackendCounts.Of(500, 0, 90, 0));
        verdict.Busiest.ShouldBe("a");
        verdict.Starved.ShouldBe(["b", "d", "c"]);
        VerdictText.Describe(verdict).ShouldStartWith("skewed beyond ±15 %: busiest a; starved b, d, c (");
        var many = ExpectedShares.Equal([.. Enumerable.Range(0, 30).Select(i => $"pod-{i}")]);
        VerdictText
            .Describe(SkewTest.Evaluate(many, BackendCounts.Of([9_000, .. new long[29]])))
            .ShouldContain("busiest pod-0; starved pod-1, pod-2, pod-3 and 26 more");
    }

    [Fact]
    public void No_backend_with_fewer_requests_than_another_is_called_the_busiest()
    {
        var expected = ExpectedShares.Weighted(["big", "small", "other"], [3, 1, 1]);
        var verdict = SkewTest.Evaluate(expected, BackendCounts.Of(5_500, 3_500, 1_000));
        verdict.Busiest.ShouldBeNull();
        VerdictText
            .Describe(verdict)
            .ShouldStartWith("skewed beyond ±15 %: more than its share small; starved other (");
    }

    [Fact]
    public void Busiest_and_starved_agree_with_their_numbers() =>
        Gen.Select(Gen.Double[0, 4].Array[2, 12], Gen.Int[0, 3].Array[12], Gen.Int[0, 200])
            .Sample(
                (sizes, weights, unknown) =>
                {
                    var expected = ExpectedShares.Weighted(
                        [.. sizes.Select((_, i) => $"pod-{i}")],
                        [.. sizes.Select((_, i) => (double)weights[i])]
                    );
                    var counts = new BackendCounts([.. sizes.Select(s => (long)Math.Pow(10, s) - 1)], unknown);
                    var verdict = SkewTest.Evaluate(expected, counts);
                    var fair = expected.Weights.Max() > 0 ? 1.0 / expected.Weights.Count(w => w > 0) : 1;
                    double Excess(BackendShare share) => share.Share.Estimate - share.Expected;
                    (verdict.Busiest is null || verdict.AboveItsShare is null).ShouldBeTrue();
                    if ((verdict.Busiest ?? verdict.AboveItsShare) is { } busiest)
                    {
                        var share = verdict.Shares.Single(s => s.Backend == busiest);
                        share.Expected.ShouldBeGreaterThan(0);
                        (share.Count == verdict.Shares.Max(s => s.Count)).ShouldBe(verdict.Busiest is not null);
                        Excess(share).ShouldBeGreaterThan(0.15 * Math.Min(share.Expected, fair));
                        Excess(share).ShouldBe(verdict.Shares.Max(Excess), 1e-9);
                        verdict.Starved.ShouldNotContain(busiest);
                    }
                    foreach (var share in verdict.Shares)
                    {
                        var most = (share.Count + verdict.Unattributed) / (double)verdict.Connections;
                        verdict.Starved.Contains(share.Backend).ShouldBe(most < share.Expected * (1 - 0.15));
                    }
                    var strays = verdict.Shares.Where(s => s.Expected == 0).Sum(s => s.Count);
                    if (verdict.Kind is VerdictKind.Skewed && strays == 0)
                        (
                            verdict.Busiest is not null
                            || verdict.AboveItsShare is not null
                            || verdict.Starved.Length > 0
                        ).ShouldBeTrue();
                }
            );

    [Theory]
    [InlineData(SelectionUnit.HubbleRequest, "Hubble does not report client ports", "requests")]
    [InlineData(SelectionUnit.ClientWithAffinity, "session affinity repeats a client's choice", "requests")]
    [InlineData(SelectionUnit.UnknownPort, "client ports are unknown", "connections")]
    public void The_reason_for_a_missing_error_bound_is_that_of_the_observations(
        SelectionUnit unit,
        string reason,
        string noun
    )
    {
        var verdict = SkewTest.Evaluate(Draws.ThreePods, BackendCounts.Of(300, 900, 600), unit: unit);
        VerdictText.Describe(verdict).ShouldContain($"(no error bound: {reason}); 1,800 {noun}");
        var none = SkewTest.Evaluate(
            ExpectedShares.Weighted(["a", "b"], [0, 0]),
            new BackendCounts([0, 0], 402),
            unit: unit
        );
        VerdictText
            .Describe(none)
            .ShouldBe("undecided (no error bound: the Service has no backend for this client); 402 of unknown backend");
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

    [Fact]
    public void Every_starved_backend_is_named()
    {
        var expected = ExpectedShares.Equal("a", "b", "c");
        Text(0, 0, 500).ShouldContain("busiest c; starved a, b (");
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

    [Fact]
    public void Without_an_observation_a_verdict_says_only_that_there_is_no_evidence() =>
        VerdictText
            .Describe(SkewTest.Evaluate(ExpectedShares.Equal(["a", "b", "c"]), new BackendCounts([0, 0, 0], 0)), 50)
            .ShouldBe("undecided; no evidence yet");
}
