using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Page;

public sealed class RunMetricsTests
{
    [Fact]
    public void The_text_for_Prometheus_has_every_quantity_of_the_state()
    {
        var feed = new LiveState(TimeProvider.System);
        using var watch = feed.Watch();
        var pods = ManyPods.Pods(3, 3);
        feed.Begin("many-pods", "Many pods", manual: true, 3);
        feed.Progress(ManyPods.Report(pods, i => i == 0));
        feed.Sample(
            ManyPods.Rates(pods, i => i == 0) with
            {
                Responses =
                [
                    new ResponseCount("backend-1-000", "node-00", 200, 10),
                    new ResponseCount(null, null, 503, 20),
                ],
            }
        );

        var text = RunMetricsText.Render(feed.State);

        text.ShouldContain("loadtest_responses_total{pod=\"backend-1-000\",node=\"node-00\",status=\"200\"} 10\n");
        text.ShouldContain("loadtest_responses_total{pod=\"\",node=\"\",status=\"503\"} 20\n");
        text.ShouldContain("# TYPE loadtest_verdict gauge\nloadtest_verdict ");
        text.ShouldContain("loadtest_skew_max_over_mean 3\n");
        text.ShouldContain("loadtest_pods_silent 2\n");
        text.ShouldContain("loadtest_failures_rate 2\n");
    }
}
