using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Tests.Embedded.Cluster;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.LoadTest.Analysis;

namespace CiliumDebugging.ClusterSetup.Tests.Datapath;

/// <summary>cil#14250 on a live cluster: the new pod is starved by as much as the formula says, and not at all without long-lived entries.</summary>
[Collection(LiveClusters.Name)]
public class StaleConntrackLiveTests
{
    [Fact]
    public async Task The_new_pods_share_agrees_with_the_formula()
    {
        await using var lab = await LiveLab.StartAsync(LabTopology.Default);
        var report = await lab.RunAsync(ScenarioCatalog.Load("stale-conntrack"));
        foreach (var e in report.Expectations) TestContext.Current.TestOutputHelper?.WriteLine($"{e.What}; {e.Observed}");
        report.Expectations.Where(e => !e.Holds).ShouldBeEmpty();
        report.Expectations.Count(e => e.What.Contains("the new pod", StringComparison.Ordinal)).ShouldBe(1);
        report.Phases[1].Pods.Select(p => p.Pod.Name).ShouldNotBe(report.Phases[0].Pods.Select(p => p.Pod.Name));
        report.Status.State.ShouldBe(VerdictKind.Skewed);
    }

    [Fact]
    public Task With_socket_lb_the_new_pod_gets_its_share() => ShouldBeEvenAsync(("enable-host-reachable-services", "true"));

    [Fact]
    public Task With_entries_of_1_s_and_frequent_sweeps_the_new_pod_gets_its_share() => ShouldBeEvenAsync(("bpf-ct-timeout-service-tcp", "1s"), ("conntrack-gc-interval", "1s"));

    private static async Task ShouldBeEvenAsync(params (string, string)[] settings)
    {
        await using var lab = await LiveLab.StartAsync(LabTopology.Default, settings);
        var scenario = ScenarioCatalog.Load("stale-conntrack");
        var report = await lab.RunAsync(scenario with { Expect = [new PhaseExpectation("observe", "not-skewed", false, null, null, null, "even", "even")] });
        foreach (var e in report.Expectations) TestContext.Current.TestOutputHelper?.WriteLine($"{e.What}; {e.Observed}");
        report.Expectations.Length.ShouldBe(4);
        report.Expectations.Where(e => !e.Holds).ShouldBeEmpty();
    }
}
