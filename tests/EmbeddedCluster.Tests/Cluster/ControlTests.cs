using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// What takes any one condition of cilium/cilium#14268 away makes the load even, and it is CALLED even: by the verdict,
/// with its error probability, over more than 6,000 fresh selections.
/// </summary>
[Collection(LiveClusters.Name)]
public class ControlTests(ControlTests.DefaultLab lab) : IClassFixture<ControlTests.DefaultLab>
{
    public sealed class DefaultLab() : ScenarioLab(ClusterTopology.Default);

    private const int FewestConnections = 6_000;

    /// <summary>Port ranges without a port in common, each with more even ports than a test sends requests.</summary>
    private static string Ports(int test) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"even:{10_000 + 13_700 * test}-{10_000 + 13_700 * (test + 1) - 2}"
        );

    [Fact]
    public Task Sockets_per_node_make_it_even() =>
        ShouldBeCalledEvenAsync(
            Ports(0),
            [OriginalReportScenario.ApplyBackend, OriginalReportScenario.ApplyLoadTest],
            ("sandbox-sockets", "per-node")
        );

    [Fact]
    public Task Cilium_1_10_0_with_a_tunnel_makes_it_even() =>
        ShouldBeCalledEvenAsync(
            Ports(1),
            [OriginalReportScenario.ApplyBackend, OriginalReportScenario.ApplyLoadTest],
            ("sandbox-cilium-version", "1.10.0"),
            ("tunnel", "vxlan")
        );

    [Fact]
    public Task The_backend_policy_alone_is_even() =>
        ShouldBeCalledEvenAsync(Ports(2), [OriginalReportScenario.ApplyBackend]);

    [Fact]
    public Task The_load_test_policy_alone_is_even() =>
        ShouldBeCalledEvenAsync(Ports(3), [OriginalReportScenario.ApplyLoadTest]);

    private async Task ShouldBeCalledEvenAsync(
        string ports,
        string[] policies,
        params (string Key, string? Value)[] settings
    )
    {
        // Even ports in sequence: none comes twice, so every connection is a fresh selection. A busy machine takes
        // longer for them, and nothing else.
        OriginalReportScenario scenario = new OriginalReportScenario
        {
            Steps = [.. policies, $"- {{phase: control, for: 4s, requests: {FewestConnections + 200}}}"],
            Rate = 1_500,
            Ports = ports,
            InFlight = 100,
        };
        var report = await lab.RunAsync(scenario.Load(), settings);
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
