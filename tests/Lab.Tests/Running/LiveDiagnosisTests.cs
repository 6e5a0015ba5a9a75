using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
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
        var report = await lab.RunAsync(
            Run("traffic-policy-local", "odd:42000-42999", new("observe", TimeSpan.FromSeconds(2)))
        );
        report.Diagnosis.Name.ShouldBe("local-traffic-policy");
        report.Diagnosis.Sentence.ShouldContain("cluster-worker has no pod of it");
        var phase = report.Phases[^1];
        (phase.Failures, phase.SelectionSource).ShouldBe((phase.Requests, "client"));
        VerdictText
            .NoErrorBound(phase.Selection)
            .ShouldNotBeNull()
            .ShouldContain("the Service has no backend for this client");
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
