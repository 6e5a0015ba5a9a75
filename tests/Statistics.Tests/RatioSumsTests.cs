using CsCheck;

namespace CiliumDebugging.Statistics.Tests;

/// <summary>Ratios of scrape increments, against the formula of the paper written out, and by what they
/// promise.</summary>
public class RatioSumsTests
{
    [Fact]
    public void The_interval_is_the_closed_form_of_arXiv_2103_06476_to_1e_9()
    {
        double[] x = [.. Enumerable.Range(0, 40).Select(i => 10.0 + i % 7 * 3)],
            n = [.. Enumerable.Range(0, 40).Select(i => 50.0 + i % 5 * 4)];
        var sums = Of(x, n);
        // Theorem 2.2: half = σ √( 2(tρ² + 1)/(t²ρ²) · ln(√(tρ² + 1)/α) ), for the mean of the residuals;
        // divided by the mean of n it is that of the ratio.
        var (p, t, alpha) = (x.Sum() / n.Sum(), 40.0, 1e-3);
        var sigma = Math.Sqrt(x.Zip(n).Sum(v => (v.First - p * v.Second) * (v.First - p * v.Second)) / (t - 1));
        var rho2 = (2 * Math.Log(1e4) + Math.Log(1 + 2 * Math.Log(1e4))) / 60;
        var half =
            sigma
            * Math.Sqrt(2 * (t * rho2 + 1) / (t * t * rho2) * Math.Log(Math.Sqrt(t * rho2 + 1) / alpha))
            / n.Average();
        var interval = sums.Interval(alpha);
        interval.Estimate.ShouldBe(p, 1e-12);
        interval.Lower.ShouldBe(p - half, 1e-9);
        interval.Upper.ShouldBe(p + half, 1e-9);
        // The same set, from the other side: its ends are where the evidence reaches 1/α.
        sums.LogAgainstAtLeast(interval.Upper).ShouldBe(-Math.Log(alpha), 1e-9);
        sums.LogAgainstAtMost(interval.Lower).ShouldBe(-Math.Log(alpha), 1e-9);
    }

    [Theory]
    [InlineData(26, 370)]
    [InlineData(20, 1)]
    public void A_kind_that_never_occurred_may_be_rare(int intervals, double perInterval)
    {
        const double Alpha = 1e-4;
        var (zeros, all) = (new double[intervals], Enumerable.Repeat(perInterval, intervals).ToArray());
        var (never, always) = (Of(zeros, all).Interval(Alpha), Of(all, all).Interval(Alpha));
        (never.Estimate, never.Lower).ShouldBe((0, 0));
        (always.Estimate, always.Upper).ShouldBe((1, 1));
        // A kind of this share does not occur in as many independent requests with probability α.
        var rare = 1 - Math.Pow(Alpha, 1 / (intervals * perInterval));
        never.Upper.ShouldBeInRange(rare, 1.5 * rare + 0.2);
        always.Lower.ShouldBe(1 - never.Upper, 1e-9);
        // Evidence and interval are of the same set.
        Of(zeros, all).LogAgainstAtLeast(never.Upper).ShouldBe(-Math.Log(Alpha), 1e-6);
        Of(zeros, all).LogAgainstAtLeast(rare).ShouldBeLessThan(-Math.Log(Alpha));
    }

    [Fact]
    public void More_answers_than_requests_are_all_of_them()
    {
        // Answers of requests from before the first scrape.
        var interval = Of([.. Enumerable.Repeat(50.0, 29), 58], [.. Enumerable.Repeat(50.0, 30)]).Interval(1e-4);
        interval.Estimate.ShouldBe(1);
        interval.Upper.ShouldBe(1);
        interval.Lower.ShouldBeInRange(0.5, 0.9999);
    }

    [Fact]
    public void Sums_of_a_stretch_follow_from_two_snapshots() =>
        Gen.Select(Gen.Double[0, 100], Gen.Double[100, 200])
            .Array[25, 60]
            .Sample(
                pairs =>
                {
                    double[] x = [.. pairs.Select(p => p.Item1)],
                        n = [.. pairs.Select(p => p.Item2)];
                    var (all, first, last) = (Of(x, n), Of(x[..20], n[..20]), Of(x[20..], n[20..]));
                    var since = all.Since(first);
                    since.Intervals.ShouldBe(last.Intervals);
                    since.Interval(0.01).Lower.ShouldBe(last.Interval(0.01).Lower, 1e-6);
                },
                iter: 200
            );

    [Fact]
    public void Nothing_is_decided_on_few_intervals_however_large_they_are()
    {
        var sums = Of(
            [.. Enumerable.Repeat(1e6, RatioSums.MinIntervals - 1)],
            [.. Enumerable.Repeat(1e6, RatioSums.MinIntervals - 1)]
        );
        sums.Interval(0.01).ShouldBe(new ShareInterval(1, 0, 1));
        sums.LogAgainstAtMost(0.5).ShouldBe(double.NegativeInfinity);
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(100, 1)]
    [InlineData(60, 4)]
    public void Even_load_is_watched_for_200_scrapes_and_hardly_ever_called_skewed(int perScrape, int burst)
    {
        const int Runs = 60;
        const double Alpha = 0.05;
        var options = new VerdictOptions { ErrorProbability = Alpha };
        var alarms = Enumerable
            .Range(0, Runs)
            .Count(seed =>
                Watch(new Random(seed), options, perScrape, burst, 200, [1, 1, 1]).State is VerdictKind.Skewed
            );
        // Shares inside the tolerance are far from the edge: the bound α holds with room to spare.
        alarms.ShouldBeLessThanOrEqualTo((int)(Alpha * Runs));
    }

    [Fact]
    public void Skew_that_begins_late_is_found_and_its_onset_and_recovery_are_right()
    {
        var monitor = new AsymptoticMonitor(["a", "b", "c"]);
        var random = new Random(5);
        Feed(monitor, random, 100, 1, 60, 0, [1, 1, 1]);
        monitor.State.ShouldBe(VerdictKind.Even);
        monitor.Record(new RecordedEvent("policy applied", TimeSpan.FromSeconds(60)));
        Feed(monitor, random, 100, 1, 30, 60, [3, 1, 1]);
        monitor.State.ShouldBe(VerdictKind.Skewed);
        var episode = monitor.Status().Episodes.ShouldHaveSingleItem();
        episode.Onset.Events.ShouldHaveSingleItem().Name.ShouldBe("policy applied");
        Feed(monitor, random, 100, 1, 500, 90, [1, 1, 1]);
        monitor.State.ShouldBe(VerdictKind.Even);
        var ended = monitor.Status().Episodes.ShouldHaveSingleItem();
        ended.End.ShouldBe(EpisodeEnd.Recovered);
        ended.EndAt!.Value.TotalSeconds.ShouldBeGreaterThan(90);
    }

    [Fact]
    public void A_backend_that_should_get_nothing_and_gets_some_is_skew()
    {
        var shares = AsymptoticShares.Of(["a", "b", "c"]);
        for (var i = 0; i < 60; i++)
            shares = shares.With([45, 45, 10], [50, 50, 0]);
        var verdict = shares.Verdict(VerdictOptions.Default);
        verdict.Kind.ShouldBe(VerdictKind.Skewed);
        (verdict.Cases & SpecialCases.ZeroWeight).ShouldBe(SpecialCases.ZeroWeight);
        VerdictText.Describe(verdict).ShouldContain("asymptotic error probability");
    }

    private static AsymptoticMonitor Watch(
        Random random,
        VerdictOptions options,
        int perScrape,
        int burst,
        int scrapes,
        double[] weights
    )
    {
        var monitor = new AsymptoticMonitor([.. weights.Select((_, i) => $"b{i}")], options);
        Feed(monitor, random, perScrape, burst, scrapes, 0, weights);
        return monitor;
    }

    private static void Feed(
        AsymptoticMonitor monitor,
        Random random,
        int perScrape,
        int burst,
        int scrapes,
        double from,
        double[] weights
    )
    {
        for (var scrape = 1; scrape <= scrapes && (monitor.State is not VerdictKind.Skewed || from >= 60); scrape++)
        {
            var counts = new double[weights.Length];
            for (var request = 0; request < perScrape / burst; request++)
            {
                var u = random.NextDouble() * weights.Sum();
                var i = 0;
                for (; i < weights.Length - 1 && u >= weights[i]; i++)
                    u -= weights[i];
                counts[i] += burst;
            }
            monitor.Add(
                TimeSpan.FromSeconds(from + scrape),
                counts,
                [.. counts.Select(_ => counts.Sum() / counts.Length)]
            );
        }
    }

    private static RatioSums Of(double[] x, double[] n) =>
        x.Zip(n).Aggregate(default(RatioSums), (sums, v) => sums.With(v.First, v.Second));
}
