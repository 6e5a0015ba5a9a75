using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Statistics;
using static CiliumDebugging.Lab.Tests.Observing.SeriesInTheWild;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// Samples that were lost on their way while <c>up</c> is 1: no request is invented and no pod is starved by them.
/// </summary>
public sealed class MissingSamplesTests
{
    [Theory]
    [InlineData("one sample in eleven", 1)]
    [InlineData("one sample of one series", 1)]
    [InlineData("40 s of one agent", 1)]
    [InlineData("40 s of all agents", 3)]
    public void No_request_is_lost_or_invented_and_the_load_stays_even(string what, int agents)
    {
        var observer = Observe(Rounds([.. Without(what, agents)]));

        Requests(observer).ShouldBe(TotalRequests, 1000);
        observer.Hubble.Selection.State.ShouldNotBe(VerdictKind.Skewed);
        observer
            .Hubble.Selection.Shares.Verdict(VerdictOptions.Default)
            .Shares.ShouldAllBe(s => s.Share.Estimate > 0.3 && s.Share.Estimate < 0.37);
        observer.Events.ShouldBeEmpty();
        observer.Hubble.Differences.IntervalsLost.ShouldBe(0);
    }

    [Fact]
    public void Counters_that_are_missing_most_of_the_time_fail_the_gate()
    {
        var observer = Observe(Rounds([.. Without("three samples in five", 1)]));

        Gate(observer)
            .ShouldContain(f => f.Fails && f.Text.StartsWith("Hubble of node n0: 2", StringComparison.Ordinal));
    }

    [Fact]
    public void A_counter_that_appears_with_old_counts_begins_a_new_phase()
    {
        var observer = Observe(Rounds([.. Without("the first 200 s", 1)]));

        observer.Events.ShouldHaveSingleItem().Name.ShouldBe("counters of n0 appeared with counts from before");
        observer.Phase.Start.ShouldBe(200, Interval);
        Requests(observer).ShouldBeLessThan(6_000);
        observer.Hubble.Selection.State.ShouldNotBe(VerdictKind.Skewed);
    }

    [Fact]
    public void Counters_that_stay_away_are_given_up_after_a_minute()
    {
        var observer = Observe(Rounds([.. Without("all after 100 s", 1)]));

        observer.Hubble.Differences.IntervalsLost.ShouldBe(1);
        observer.Hubble.Covered.Intervals.ShouldBeGreaterThan(30);
    }

    [Fact]
    public void A_missing_sample_is_waited_for_however_seldom_is_scraped()
    {
        var observer = Observe(
            Rounds([.. Without("one sample in eleven", 1)])
                .Select(round => round with { At = Start + (round.At - Start) * 24 })
                .ToList()
        );

        observer.Hubble.Differences.IntervalsLost.ShouldBe(0);
        observer.Events.ShouldBeEmpty();
        observer.Hubble.Selection.State.ShouldNotBe(VerdictKind.Skewed);
    }

    private static IEnumerable<RawSeries> Without(string what, int agents) =>
        Cluster()
            .Select(series =>
                series.Metric.StartsWith("hubble_http", StringComparison.Ordinal)
                && series["node"][^1] - '0' < agents
                && (what != "one sample of one series" || series.Metric == "hubble_http_requests_total")
                    ? series with
                    {
                        Samples = [.. series.Samples.Where((s, i) => !IsMissing(what, i, s.At - Start))],
                    }
                    : series
            );

    private static bool IsMissing(string what, int i, double at) =>
        what switch
        {
            "one sample in eleven" => i % 11 == 5,
            "one sample of one series" => i == 20,
            "40 s of one agent" or "40 s of all agents" => at is > 100 and < 140,
            "three samples in five" => i % 5 > 1,
            "the first 200 s" => at < 200,
            "all after 100 s" => at > 100,
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, "no such gap"),
        };
}
