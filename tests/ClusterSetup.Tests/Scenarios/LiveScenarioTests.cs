using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Tests.Embedded.Cluster;
using CiliumDebugging.LoadTest.Report;

namespace CiliumDebugging.ClusterSetup.Tests.Scenarios;

/// <summary>Scenarios that no other test runs live, one after the other on one cluster, in less time than the lab gives them.</summary>
public class LiveScenarioTests
{
    [Fact]
    public async Task Repeated_requests_kept_connections_and_zones_show_what_their_formulas_say()
    {
        var zones = ScenarioCatalog.Load("topology-zones");
        var retries = ScenarioCatalog.Load("retry-amplification");
        await using var lab = await LiveLab.StartAsync(zones.Topology.Build(), [.. retries.Settings.Select(s => (s.Key, s.Value))]);
        // Too few failures for a diagnosis, and the same factor.
        var repeated = await RunAsync(lab, retries.With(2, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3)) with { Expect = [.. retries.Expect.Select(e => e with { Diagnosis = null })] });
        repeated.Reconciliation.Where(r => r.Difference != 0).ShouldBeEmpty();
        repeated.Reconciliation.ShouldContain(r => r.What == "requests that reached a pod");
        await lab.DeleteAllPoliciesAsync();

        var ipvs = ScenarioCatalog.Load("ipvs-restart");
        await lab.RestartAgentsAsync([.. ipvs.Settings.Select(s => (s.Key, (string?)s.Value))]);
        var kept = await RunAsync(lab, ipvs.With(108, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(2)));
        kept.Phases[0].Pods.Select(p => (double)p.Ok / kept.Phases[0].Ok).ShouldAllBe(share => Math.Abs(share - 1.0 / 3) < 0.08, "9 of 27 connections each, give or take one");

        await RunAsync(lab, zones.With(200, null, TimeSpan.FromSeconds(2)));
    }

    private static async Task<RunReport> RunAsync(LiveLab lab, Scenario scenario)
    {
        var report = await lab.RunAsync(scenario);
        foreach (var e in report.Expectations) TestContext.Current.TestOutputHelper?.WriteLine($"{e.What}; {e.Observed}");
        report.Expectations.Where(e => !e.Holds).ShouldBeEmpty();
        report.Expectations.ShouldNotBeEmpty();
        return report;
    }
}
