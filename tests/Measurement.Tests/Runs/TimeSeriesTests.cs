using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Runs;
using CsCheck;

namespace CiliumDebugging.Measurement.Tests.Runs;

public sealed class TimeSeriesTests
{
    private static readonly BackendPod s_pod = new("a", "ns", "n1");

    private static ClusterCounters Echo(double count) =>
        ClusterCounters.Zero with
        {
            Echo = ImmutableDictionary<string, double>.Empty.Add("ns/a", count),
        };

    [Fact]
    public void However_long_a_run_the_series_stays_bounded_and_spans_it()
    {
        var series = new TimeSeries(capacity: 100);
        for (var t = 0; t <= 10_000; t++)
            series.Add(t, Echo(5 + 3 * t), [s_pod]);

        series.Samples.Length.ShouldBeLessThanOrEqualTo(100);
        series.Samples[0].At.ShouldBe(0);
        series.Samples[^1].At.ShouldBe(10_000);
        series.IntervalSeconds.ShouldBeGreaterThan(1);
    }

    [Fact]
    public void Thinning_leaves_every_rate_exact() =>
        Gen.Select(Gen.Int[4, 40], Gen.Int[0, 500], Gen.Double[0.1, 100])
            .Sample(
                (capacity, samples, rate) =>
                {
                    var series = new TimeSeries(capacity: capacity);
                    for (var t = 0; t <= samples; t++)
                        series.Add(t, Echo(rate * t), [s_pod]);
                    var kept = series.Samples;
                    return kept.Zip(kept.Skip(1))
                        .All(p =>
                            Math.Abs(
                                (p.Second.Pods["ns/a"].Echo - p.First.Pods["ns/a"].Echo) / (p.Second.At - p.First.At)
                                    - rate
                            ) < 1e-6
                        );
                }
            );

    [Fact]
    public void A_pod_that_is_gone_keeps_its_last_count()
    {
        var series = new TimeSeries();
        series.Add(0, Echo(0), [s_pod]);
        series.Add(1, Echo(7), [s_pod]);
        series.Add(2, ClusterCounters.Zero, [new BackendPod("b", "ns", "n2")]);

        series.Samples[^1].Pods["ns/a"].Echo.ShouldBe(7);
        series.Samples[^1].Pods["ns/b"].Echo.ShouldBe(0);
    }

    [Fact]
    public void The_rate_is_taken_over_the_window_before_a_point_and_restarts_with_its_counter()
    {
        ImmutableArray<double> at = [0, 1, 2, 3, 4];
        Rates.Of(at, [0, 10, 20, 30, 60], 2).Select(p => p.PerSecond).ShouldBe([10, 10, 10, 20]);
        Rates.Of(at, [null, null, 0, 10, 20], 2).Select(p => (p.At, p.PerSecond)).ShouldBe([(3, 10), (4, 10)]);
        Rates.Of(at, [100, 110, 120, 4, 14], 1).Select(p => p.PerSecond).ShouldBe([10, 10, 4, 10]);
    }
}
