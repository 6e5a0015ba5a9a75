using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.LoadTest.Analysis;

namespace CiliumDebugging.ClusterSetup.Tests.Embedded.Cluster;

/// <summary>
/// What takes any one condition of cil#14268 away makes the load even, and it is CALLED even: by the verdict, with its error probability, over more than 6,000 fresh selections.
/// </summary>
[Collection(LiveClusters.Name)]
public class ControlTests
{
    private const int FewestConnections = 6_000;

    [Fact]
    public Task Sockets_per_node_make_it_even() =>
        ShouldBeCalledEvenAsync([SeedScenario.ApplyBackend, SeedScenario.ApplyLoadTest], ("sandbox-sockets", "per-node"));

    [Fact]
    public Task Cilium_1_10_0_with_a_tunnel_makes_it_even() =>
        ShouldBeCalledEvenAsync([SeedScenario.ApplyBackend, SeedScenario.ApplyLoadTest], ("sandbox-cilium-version", "1.10.0"), ("tunnel", "vxlan"));

    [Fact]
    public Task The_backend_policy_alone_is_even() => ShouldBeCalledEvenAsync([SeedScenario.ApplyBackend]);

    [Fact]
    public Task The_load_test_policy_alone_is_even() => ShouldBeCalledEvenAsync([SeedScenario.ApplyLoadTest]);

    private static async Task ShouldBeCalledEvenAsync(string[] policies, params (string Key, string Value)[] settings)
    {
        await using var lab = await LiveLab.StartAsync(LabTopology.Default, settings);
        // Even ports in sequence: no port comes twice in 13,000 connections, so every one is a fresh selection. A busy machine takes longer for them, and nothing else.
        var report = await lab.RunAsync(new SeedScenario { Steps = [.. policies, $"- {{phase: control, for: 6s, requests: {FewestConnections + 200}}}"], Rate = 1_000, Ports = "even", InFlight = 100 }.Load());
        var phase = report.Phases.ShouldHaveSingleItem();
        phase.Failures.ShouldBe(0);
        phase.Delivery.Successes.Connections.ShouldBeGreaterThanOrEqualTo(FewestConnections);
        phase.Delivery.Successes.Kind.ShouldBe(VerdictKind.Even);
        phase.Delivery.Successes.ErrorProbability.ShouldBe(1e-4);
        phase.Selection.Kind.ShouldBe(VerdictKind.Even);
        report.Diagnosis.Name.ShouldBe("even");
        report.Reconciliation.Where(r => r.Difference != 0).ShouldBeEmpty();
    }
}
