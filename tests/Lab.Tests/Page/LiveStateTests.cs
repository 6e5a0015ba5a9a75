using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Page;

public sealed class LiveStateTests
{
    private static LiveSample At(double seconds) =>
        new("observe", TimeSpan.FromSeconds(seconds), Requests: 1, Pods: []);

    [Fact]
    public void A_phase_makes_progress_from_its_first_sample_until_the_next_phase()
    {
        var live = new LiveState(TimeProvider.System);
        live.Begin("any", "Any", manual: false, ratePerSecond: 50);
        live.State.Phase.ShouldBeNull();

        live.Phase(new PhaseStep("observe", TimeSpan.FromSeconds(20)));
        live.Sample(At(12.25));
        live.Sample(At(17.25));

        live.State.Phase.ShouldBe(new PhaseProgress("observe", 12.25, 20));
        live.State.Phase!.Passed(live.State.At).ShouldBe(5);
        live.State.Phase.Passed(100).ShouldBe(20);
        live.Phase(new PhaseStep("manual", Timeout.InfiniteTimeSpan));
        live.Sample(At(40));
        live.State.Phase.ShouldBeNull(); // it has no end
    }

    [Fact]
    public void With_many_pods_pages_get_every_pod_beside_the_rows_of_nodes()
    {
        var (live, pods) = (new LiveState(TimeProvider.System), ManyPods.Pods(60, 6));
        live.Begin("any", "Any", manual: false, ratePerSecond: 50);
        live.Progress(ManyPods.Report(pods, i => i % 6 == 0));

        live.State.Rows.Length.ShouldBe(6);
        live.State.Pods!.Count().ShouldBe(60);
        live.ReadTimeline(t => t.Lines.Count(l => l.Chart == "pods")).ShouldBe(60);
    }
}
