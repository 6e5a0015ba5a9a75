using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Tests.Runs;

public sealed class LatencySummaryTests
{
    [Fact]
    public void Quantiles_lie_in_their_intervals_and_the_intervals_hold_the_truth()
    {
        var latencies = new Latencies();
        for (var i = 1; i <= 10_000; i++)
            latencies.Add(TimeSpan.FromMilliseconds(i / 10.0)); // uniform to 1 s
        var summary = LatencySummary.Of(latencies)!;

        foreach (
            var (quantile, truth) in ((QuantileMs, double)[])
                [(summary.P50, 500), (summary.P90, 900), (summary.P99, 990)]
        )
        {
            quantile.Estimate.ShouldBe(truth, 2);
            quantile.Lower.ShouldBeInRange(truth - 40, truth);
            quantile.Upper.ShouldBeInRange(truth, truth + 40);
        }
        summary.MaxMs.ShouldBe(1000, 1);
    }

    [Fact]
    public void One_request_says_next_to_nothing()
    {
        LatencySummary.Of(new Latencies()).ShouldBeNull();
        var latencies = new Latencies();
        latencies.Add(TimeSpan.FromMilliseconds(5));

        LatencySummary.Of(latencies)!.P50.Upper.ShouldBe(5, 0.1);
        LatencySummary.Of(latencies)!.Count.ShouldBe(1);
    }
}
