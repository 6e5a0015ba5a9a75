namespace CiliumDebugging.Statistics.Tests;

public class DeliveryTestTests
{
    [Fact]
    public void Even_selection_with_failing_delivery_is_judged_apart()
    {
        var (selection, delivery) = (new SkewTest(Draws.ThreePods), new DeliveryTest(Draws.ThreePods));
        for (var i = 0; i < 9000; i++)
        {
            selection.Add(i % 3);
            delivery.Add(i % 3, success: i % 3 == 2);
        }
        selection.Verdict().Kind.ShouldBe(VerdictKind.Even);
        var result = delivery.Evaluate();
        result.Successes.Kind.ShouldBe(VerdictKind.Skewed);
        result.Successes.Busiest.ShouldBe("backend-c");
        result.Backends[0].Rate.Upper.ShouldBeLessThan(0.01);
        result.Backends[2].Rate.Lower.ShouldBeGreaterThan(0.99);
        result.Overall.Contains(1 / 3.0).ShouldBeTrue();
    }

    [Fact]
    public void Failures_without_a_backend_may_have_been_anybodys()
    {
        var delivery = new DeliveryTest(Draws.ThreePods);
        for (var i = 0; i < 300; i++)
            delivery.Add(i % 3 == 2 ? 2 : null, success: i % 3 == 2);
        var result = delivery.Evaluate();
        result.UnattributedFailures.ShouldBe(200);
        result.Successes.Kind.ShouldBe(VerdictKind.Skewed, "all successes come from one backend, whichever failed");
        result.Backends[2].Rate.Estimate.ShouldBe(1);
        result.Backends[2].Rate.Lower.ShouldBeLessThan(1 / 3.0, "all failures may have been its own");
        result.Backends[0].Rate.ShouldBe(new ShareInterval(double.NaN, 0, 1));
    }

    [Fact]
    public void A_success_interval_ends_where_the_evidence_reaches_one_over_alpha()
    {
        var interval = Proportion.Interval(95, 100, 1e-3);
        ReferenceEvidence.R(interval.Lower, 95, 100, 0.5, 0.5).ShouldBe(Math.Log(1e3), 1e-8);
        ReferenceEvidence.R(interval.Upper, 95, 100, 0.5, 0.5).ShouldBe(Math.Log(1e3), 1e-8);
        Proportion.Interval(0, 50, 1e-3).Lower.ShouldBe(0);
        Proportion.Interval(50, 50, 1e-3).Upper.ShouldBe(1);
        Should.Throw<ArgumentOutOfRangeException>(() => Proportion.Interval(3, 2, 1e-3));
    }

    [Fact]
    public void A_success_interval_misses_at_no_moment_more_often_than_alpha()
    {
        const int runs = 500;
        var missed = 0;
        for (var run = 0; run < runs; run++)
        {
            var draws = new Draws(run);
            var (successes, miss) = (0, false);
            for (var n = 1; n <= 500; n++)
            {
                successes += draws.Chance(0.9) ? 1 : 0;
                miss |= n % 25 == 0 && !Proportion.Interval(successes, n, 0.05).Contains(0.9);
            }
            missed += miss ? 1 : 0;
        }
        // Binomial(500, 0.05): mean 25, standard deviation 4.9.
        missed.ShouldBeLessThanOrEqualTo(40);
    }
}
