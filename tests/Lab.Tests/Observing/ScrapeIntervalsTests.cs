using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Statistics;
using static CiliumDebugging.Lab.Tests.Observing.SeriesInTheWild;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>Jobs of a Prometheus have intervals of their own.</summary>
public sealed class ScrapeIntervalsTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void An_agent_that_is_scraped_less_often_costs_no_counts(int times)
    {
        var observer = Observe(Rounds([.. Cluster().Select(s => s["node"] == "n1" ? Thin(s, times) : s)]));

        ShouldHaveEverything(observer, times);
    }

    [Theory]
    [InlineData(4)]
    public void Hubble_is_used_although_the_backends_are_scraped_more_often(int times)
    {
        var backends = Enumerable
            .Range(0, 3)
            .SelectMany(i =>
                ((string[])["up", "echo_requests"]).Select(metric =>
                    Series(
                        metric,
                        i,
                        0.5,
                        n => metric == "up" ? 1 : 1000 + PerScrape * n,
                        ("job", "apps"),
                        ("instance", $"10.1.0.{i}:8080"),
                        ("namespace", "backend"),
                        ("pod", Name(i)),
                        ("node", "")
                    )
                )
            );
        var observer = Observe(Rounds([.. Cluster().Select(s => Thin(s, times)), .. backends]));

        ShouldHaveEverything(observer, times);
        observer.Backends.Totals.Values.Sum().ShouldBe(TotalRequests, 3.0 * PerScrape * 2 * times);
        QualityGate.Check(observer.Backends, observer.Service).Where(f => f.Fails && !f.Early).ShouldBeEmpty();
        ObservedReport.Of(observer, "", DateTimeOffset.UnixEpoch).View.ShouldBe(TargetKind.Hubble);
    }

    [Fact]
    public void An_agent_whose_scrapes_are_missing_is_not_taken_for_a_slow_one()
    {
        RawSeries[] series = [.. Cluster().Select(s => s["node"] == "n1" ? Missing(s) : s)];

        Gate(Observe(Rounds(series))).ShouldContain(f => f.Fails && f.Text.Contains("Hubble of node n1: "));
    }

    private static void ShouldHaveEverything(ServiceObserver observer, int times)
    {
        Gate(observer).Where(f => f.Fails && !f.Early).ShouldBeEmpty();
        Requests(observer).ShouldBe(TotalRequests, 3.0 * PerScrape * 2 * times);
        observer.Hubble.Covered.Intervals.ShouldBeGreaterThanOrEqualTo(Scrapes / times - 3);
        observer.Hubble.Delivery.State.ShouldNotBe(VerdictKind.Skewed);
    }

    private static RawSeries Thin(RawSeries series, int times) =>
        series with
        {
            Samples = [.. series.Samples.Where((_, i) => i % times == 0)],
        };

    /// <summary>Two thirds of the scrapes, and then none.</summary>
    private static RawSeries Missing(RawSeries series) =>
        series with
        {
            Samples = [.. series.Samples.Take(Scrapes * 2 / 3)],
        };
}
