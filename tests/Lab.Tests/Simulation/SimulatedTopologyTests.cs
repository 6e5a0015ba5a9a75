using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Simulation;

namespace CiliumDebugging.Lab.Tests.Simulation;

/// <summary>Pods that are chosen by where they are: their load is that of their node's or zone's clients.</summary>
public class SimulatedTopologyTests
{
    /// <summary>Two nodes with 2 + 1 pods and a client on each: 25/25/50 (AKS#4905, kubernetes#97147).</summary>
    [Fact]
    public void With_traffic_policy_local_a_pods_load_is_its_nodes_clients_by_its_nodes_pods() =>
        ShouldBeSpread(
            "traffic-policy-local",
            new SimulationOptions
            {
                Nodes = 2,
                Pods = 3,
                Clients = 2,
                RatePerSecond = 5_000,
            },
            0.25,
            0.5,
            0.25
        );

    /// <summary>
    /// From outside, where a load balancer shares by nodes: the same 25/25/50. With Cluster it is even, and a node
    /// without Pods is left out.
    /// </summary>
    [Fact]
    public void With_external_traffic_policy_local_a_pods_load_is_its_nodes_traffic_by_its_nodes_pods()
    {
        var outside = new SimulationOptions
        {
            Nodes = 2,
            Pods = 3,
            Outside = true,
            RatePerSecond = 5_000,
        };
        ShouldBeSpread("traffic-policy-local", outside, 0.25, 0.5, 0.25);
        ShouldBeSpread("traffic-policy-local", outside with { Nodes = 5, Pods = 3 }, 1.0 / 3, 1.0 / 3, 1.0 / 3);
        ShouldBeSpread("no-cilium", outside with { Gap = TimeSpan.Zero }, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3);
    }

    /// <summary>
    /// Three nodes in two zones, a client on each: zone 1 has two thirds of the clients and half of the pods.
    /// </summary>
    [Fact]
    public void With_trafficDistribution_a_pods_load_is_its_zones_clients_by_its_zones_pods() =>
        ShouldBeSpread(
            "topology-zones",
            new SimulationOptions
            {
                Nodes = 3,
                Pods = 5,
                Clients = 3,
                Zones = 2,
                RatePerSecond = 5_000,
            },
            2.0 / 3 / 3,
            1.0 / 6,
            2.0 / 3 / 3,
            2.0 / 3 / 3,
            1.0 / 6
        );

    [Fact]
    public void Without_options_nodes_zones_and_places_are_the_scenarios() =>
        ShouldBeSpread("topology-zones", new SimulationOptions { RatePerSecond = 5_000 }, 0, 0.5, 0.5);

    [Fact]
    public void The_client_is_on_the_scenarios_node_and_the_pods_are_on_theirs()
    {
        var zones = ScenarioCatalog.Load("topology-zones");
        zones = zones with { Topology = zones.Topology with { ClientWorker = 1, BackendWorkers = [1, 2, 3, 1] } };
        var result = Simulator.Run(zones, new SimulationOptions { RatePerSecond = 5_000, SamplesPerPhase = 1 });
        result
            .Pods.Select(p => p.Node)
            .ShouldBe(["cluster-worker", "cluster-worker2", "cluster-worker3", "cluster-worker"]);
        result.Samples[^1].Predicted!.Value.ShouldBe([0.5, 0, 0, 0.5]);
        var plain = Simulator.Run(
            zones,
            new SimulationOptions
            {
                Nodes = 3,
                RatePerSecond = 5_000,
                SamplesPerPhase = 1,
            }
        );
        plain.Samples[^1].Predicted!.Value.ShouldAllBe(p => Math.Abs(p - 1.0 / 3) < 1e-9);
    }

    /// <summary>Three nodes with a client on each, and a pod on two of them: a third of the requests fails.</summary>
    [Theory]
    [InlineData("1.9.0", SimulatedOutcome.Dropped)]
    [InlineData("1.19.4", SimulatedOutcome.Reset)]
    public void With_traffic_policy_local_the_clients_of_a_node_without_a_pod_get_no_answer(
        string release,
        SimulatedOutcome outcome
    )
    {
        var options = new SimulationOptions
        {
            Pods = 2,
            Clients = 3,
            RatePerSecond = 5_000,
            Settings = ImmutableSortedDictionary
                .Create<string, string>(StringComparer.Ordinal)
                .Add("sandbox-cilium-version", release),
        };
        var result = ShouldBeSpread("no-local-endpoint", options, 1.0 / 3, 1.0 / 3);
        ((double)result.Outcomes[outcome] / result.Connections).ShouldBe(1.0 / 3, 0.001);
        result.Outcomes.Count.ShouldBe(2);
    }

    /// <summary>Three Pods and one address without a Pod: a quarter each.</summary>
    [Fact]
    public void A_stale_address_gets_the_share_of_a_pod_and_answers_nothing()
    {
        // Without the baseline, whose ports would keep their choice.
        var scenario = ScenarioCatalog.Load("stale-endpoints");
        var result = ShouldBeSpread(
            scenario with
            {
                Steps = [.. scenario.Steps.SkipWhile(s => s is PhaseStep)],
            },
            new SimulationOptions { RatePerSecond = 5_000 },
            0.25,
            0.25,
            0.25
        );
        result.Outcomes.Count.ShouldBe(2);
        ((double)result.Outcomes[SimulatedOutcome.Reset] / result.Connections).ShouldBe(0.25, 0.015);
    }

    private static SimulationResult ShouldBeSpread(
        string scenario,
        SimulationOptions options,
        params double[] shares
    ) => ShouldBeSpread(ScenarioCatalog.Load(scenario), options, shares);

    private static SimulationResult ShouldBeSpread(Scenario scenario, SimulationOptions options, params double[] shares)
    {
        var result = Simulator.Run(scenario, options with { SamplesPerPhase = 1 });
        var sample = result.Samples[^1];
        sample.Predicted!.Value.Select(p => Math.Round(p, 9)).ShouldBe(shares.Select(s => Math.Round(s, 9)));
        for (var i = 0; i < shares.Length; i++)
            ((double)sample.Selected[i] / sample.Connections).ShouldBe(shares[i], 0.015);
        return result;
    }
}
