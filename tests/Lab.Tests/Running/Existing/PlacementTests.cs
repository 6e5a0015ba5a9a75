using System.Collections.Immutable;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Lab.Tests.Running.Existing;

/// <summary>A scenario's placement and that of a cluster, whose nodes have other names.</summary>
public class PlacementTests
{
    private static readonly ScenarioTopology s_apart = new(3, 1, [2, 3], []),
        s_zones = new(3, 3, [1, 2, 3], ["east", "west", "west"]);

    [Fact]
    public void The_placement_that_is_needed_differs_in_nothing() =>
        Differences(ScenarioTopology.Default, "n3", "n1", "n2", "n3").ShouldBeEmpty();

    [Fact]
    public void The_number_of_backends_and_one_beside_the_client_are_named() =>
        Differences(s_apart, "n3", "n1", "n2", "n3")
            .ShouldBe([
                "2 backends are needed, and 3 are ready",
                "no backend may be on the client's node n3, and 1 is there",
            ]);

    [Fact]
    public void A_missing_backend_on_the_clients_node_is_named() =>
        Differences(ScenarioTopology.Default, "n3", "n1", "n2", "n2")
            .ShouldBe(["a backend is needed on the client's node n3, and none is there"]);

    [Fact]
    public void A_placement_that_is_given_is_compared_in_full()
    {
        var two = new ScenarioTopology(3, 1, [1, 1, 2], []);
        Differences(two, "n1", "n1", "n1", "n2").ShouldBeEmpty();
        Differences(two, "n1", "n1", "n2", "n3")
            .ShouldBe(["2 of the backends must be on the client's node n1, and 1 is there"]);
        Differences(new ScenarioTopology(3, 1, [1, 2, 2], []), "n1", "n1", "n2", "n3")
            .ShouldBe(["the backends of other nodes must be 2 on a node, and are 1 and 1"]);
    }

    [Fact]
    public void Backends_of_the_clients_zone_are_counted()
    {
        Differences(s_zones, "n3", "n1", "n2", "n3").ShouldBeEmpty();
        Differences(s_zones, "n1", "n1", "n2", "n3")
            .ShouldBe(["2 of the backends must be in the client's zone, and 1 are"]);
    }

    private static List<string> Differences(ScenarioTopology topology, string client, params string[] nodes) =>
        [
            .. Placement.Differences(
                topology,
                client,
                [.. nodes.Select((n, i) => new BackendPod($"p{i}", "backend", n))],
                node => node == "n1" ? "a" : "b"
            ),
        ];
}
