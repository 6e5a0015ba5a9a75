using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>
/// Diagnoses of a client that has no Pod beside it, from what the cluster's objects and counters say.
/// </summary>
public class LiveDiagnosisTests(LiveDiagnosisTests.NoLocalPodLab lab) : IClassFixture<LiveDiagnosisTests.NoLocalPodLab>
{
    public sealed class NoLocalPodLab()
        : ScenarioLab(ClusterTopology.Create("cluster", workers: 3, clientWorker: 1, backendWorkers: [2, 3]));

    /// <summary>Three ports cannot be even among two Pods, however many connections they make.</summary>
    [Fact]
    public async Task Few_client_ports_are_counted_and_never_called_even()
    {
        // One request at a time, so that a port is free.
        var scenario = Run("ingress-only", "odd:40000-40005", new("observe", TimeSpan.FromSeconds(5), 200));
        var report = await lab.RunAsync(scenario with { Load = scenario.Load with { InFlight = 1 } });
        // A few hundred requests show the unevenness beyond doubt, or do not quite.
        report.Diagnosis.Name.ShouldBeOneOf("few-client-ports", "undecided");
        report.Diagnosis.Sentence.ShouldContain("3 choices of a pod");
        report.Phases[^1].Delivery.Successes.Kind.ShouldBe(VerdictKind.Undecided);
        report.Phases[^1].Delivery.Successes.Connections.ShouldBe(3);
    }

    [Fact]
    public async Task A_local_traffic_policy_without_a_local_pod_is_named_by_the_Service_and_its_EndpointSlices()
    {
        var report = await RunWithoutLocalPodAsync("odd:42000-42999");
        report.Diagnosis.Supports.ShouldContain("the EndpointSlices have 2 ready pod(s), none on cluster-worker");
        report.Diagnosis.Sentence.ShouldContain("cluster-worker has no ready pod of it");
        var phase = report.Phases[^1];
        phase.Unanswered.Keys.ShouldBe(["dropped"]);
        phase.SelectionSource.ShouldBe("client");
        VerdictText
            .NoErrorBound(phase.Selection)
            .ShouldNotBeNull()
            .ShouldContain("the Service has no backend for this client");
    }

    /// <summary>Cilium refuses since 1.15.0: the client need not wait.</summary>
    [Fact]
    public async Task Since_1_15_a_local_traffic_policy_without_a_local_pod_refuses_connections()
    {
        var report = await RunWithoutLocalPodAsync("odd:44000-44999", ("sandbox-cilium-version", "1.19.4"));
        report.Phases[^1].Unanswered.Keys.ShouldNotContain("dropped");
    }

    /// <summary>Two Pods and one address without a Pod: a third of the requests fails.</summary>
    [Fact]
    public async Task An_address_without_a_pod_in_an_EndpointSlice_is_named()
    {
        var scenario = ScenarioCatalog.Load("stale-endpoints");
        var report = await lab.RunAsync(
            scenario with
            {
                Load = scenario.Load with { Ports = "odd:46000-49999", RatePerSecond = 100 },
                Steps =
                [
                    .. scenario.Steps.OfType<EndpointSliceStep>(),
                    new PhaseStep("observe", TimeSpan.FromSeconds(3)),
                ],
                Expect = [.. scenario.Expect.TakeLast(1)],
            }
        );
        report.Expectations.ShouldContain(e => e.What.Contains("1 address without a pod among 3 endpoints"));
        report.Diagnosis.Supports.ShouldContain(s => s.Contains("192.0.2.1"));
        report.Expectations.Length.ShouldBe(3);
    }

    /// <summary>It is reproduced as expected: every request fails, and the diagnosis says why.</summary>
    private async Task<RunReport> RunWithoutLocalPodAsync(string ports, params (string Key, string? Value)[] settings)
    {
        var scenario = ScenarioCatalog.Load("no-local-endpoint").With(null, null, TimeSpan.FromSeconds(2));
        var report = await lab.RunAsync(scenario with { Load = scenario.Load with { Ports = ports } }, settings);
        report.Expectations.Length.ShouldBe(3);
        return report;
    }

    /// <summary>The changes of a scenario, then one phase, without expectations.</summary>
    private static Scenario Run(string name, string ports, PhaseStep phase)
    {
        var scenario = ScenarioCatalog.Load(name);
        return scenario with
        {
            Load = scenario.Load with { Ports = ports },
            Steps = [.. scenario.Steps.Where(s => s is not PhaseStep), phase],
            Expect = [],
        };
    }
}
