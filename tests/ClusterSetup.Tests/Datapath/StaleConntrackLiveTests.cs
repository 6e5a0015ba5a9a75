using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Tests.Embedded.Cluster;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.LoadTest.Analysis;
using CiliumDebugging.LoadTest.Report;

namespace CiliumDebugging.ClusterSetup.Tests.Datapath;

/// <summary>
/// cil#14250 on a live cluster: the new pod is starved by as much as the formula says, and not at all without long-lived entries. One cluster for all three: its agents read their settings
/// again when their Pods are deleted. Four times the scenario's rate, and a quarter of its time: only the ratio of connections to ports matters.
/// </summary>
public class StaleConntrackLiveTests
{
    private static readonly Scenario s_scenario = Limited(ScenarioCatalog.Load("stale-conntrack").With(400, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3.5)));

    [Fact]
    public async Task The_new_pods_share_agrees_with_the_formula_and_is_even_with_socket_lb_or_entries_of_1_s()
    {
        await using var lab = await LiveLab.StartAsync(LabTopology.Default);
        var starved = await RunAsync(lab, s_scenario);
        starved.Expectations.Count(e => e.What.Contains("the new pod", StringComparison.Ordinal)).ShouldBe(1);
        starved.Phases[1].Pods.Select(p => p.Pod.Name).ShouldNotBe(starved.Phases[0].Pods.Select(p => p.Pod.Name));
        starved.Status.State.ShouldBe(VerdictKind.Skewed);

        await lab.RestartAgentsAsync(("enable-host-reachable-services", "true"));
        var socketLb = await RunAsync(lab, s_scenario with { Expect = [new PhaseExpectation("observe", "not-skewed", false, null, null, null, null, "even")] });
        socketLb.Expectations.Length.ShouldBe(3);

        // Entries live for 1 to 2 s, in which a port may come again and keep its entry: a few seconds later none is left.
        await lab.RestartAgentsAsync(("enable-host-reachable-services", null), ("bpf-ct-timeout-service-tcp", "1s"), ("conntrack-gc-interval", "1s"));
        var shortLived = await RunAsync(lab, s_scenario with
        {
            Steps = [.. s_scenario.Steps.SkipLast(1), new PhaseStep("expiry", TimeSpan.FromSeconds(3)), s_scenario.Steps[^1]],
            Expect = [new PhaseExpectation("observe", "not-skewed", false, null, null, null, null)],
        });
        var old = shortLived.Phases[0].Pods.Select(p => p.Pod.Name).ToHashSet(StringComparer.Ordinal);
        var observed = shortLived.Phases[2];
        var share = (double)observed.Pods.Single(p => !old.Contains(p.Pod.Name)).Ok / observed.Ok;
        share.ShouldBe(1.0 / 3, 0.1, "stale entries would leave it 0.12");
    }

    /// <summary>On a machine that is too slow for the rate, fewer requests are sent: they must not use up the 1,000 ports.</summary>
    private static Scenario Limited(Scenario scenario) => scenario with { Load = scenario.Load with { InFlight = 200 } };

    private static async Task<RunReport> RunAsync(LiveLab lab, Scenario scenario)
    {
        var report = await lab.RunAsync(scenario);
        foreach (var e in report.Expectations) TestContext.Current.TestOutputHelper?.WriteLine($"{e.What}; {e.Observed}");
        report.Expectations.Where(e => !e.Holds).ShouldBeEmpty();
        return report;
    }
}
