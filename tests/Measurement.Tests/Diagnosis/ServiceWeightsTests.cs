using CiliumDebugging.Measurement.Diagnosis;

namespace CiliumDebugging.Measurement.Tests.Diagnosis;

/// <summary>Which share each Pod should get, from EndpointSlice conditions and hints and the Service's spec.</summary>
public class ServiceWeightsTests
{
    private static readonly ServiceFacts s_plain = ServiceFacts.Unknown;

    [Fact]
    public void Pods_that_serve_share_equally_and_the_others_expect_nothing() =>
        ServiceWeights
            .From([Pod("n1"), Pod("n2"), Pod("n3", serves: false)], s_plain, "n1", null)
            .ShouldBe([0.5, 0.5, 0]);

    [Fact]
    public void Without_a_pod_that_serves_nothing_is_expected() =>
        ServiceWeights.From([Pod("n1", serves: false)], s_plain, "n1", null).ShouldBe([0.0]);

    [Fact]
    public void Internal_traffic_policy_Local_keeps_to_the_clients_node()
    {
        var local = s_plain with { InternalLocal = true };
        ServiceWeights.From([Pod("n1"), Pod("n2"), Pod("n1")], local, "n1", null).ShouldBe([0.5, 0, 0.5]);
        // A node without a Pod may choose none; traffic from outside and clients on an unknown node are not bound by
        // it.
        ServiceWeights.From([Pod("n1"), Pod("n2")], local, "n3", null).ShouldBe([0.0, 0]);
        ServiceWeights.From([Pod("n1"), Pod("n2")], local with { FromOutside = true }, "n1", null).ShouldBe([0.5, 0.5]);
        ServiceWeights.From([Pod("n1"), Pod("n2")], local, "", null).ShouldBe([0.5, 0.5]);
    }

    [Fact]
    public void Hints_keep_to_the_clients_zone() =>
        ServiceWeights
            .From(
                [Pod("n1", zones: "east"), Pod("n2", zones: "west"), Pod("n3", zones: ["west", "east"])],
                s_plain,
                "n2",
                "west"
            )
            .ShouldBe([0, 0.5, 0.5]);

    [Theory]
    [InlineData("north", "east", "west", "a zone that no hint names")]
    [InlineData("west", "west", "", "a pod without a hint")]
    [InlineData(null, "east", "west", "a node without a zone")]
    public void Hints_that_cannot_be_followed_are_not(string? zone, string first, string second, string why) =>
        ServiceWeights
            .From([Pod("n1", zones: first), Pod("n2", zones: second)], s_plain, "n1", zone)
            .ShouldBe([0.5, 0.5], why);

    [Fact]
    public void Hints_of_pods_that_do_not_serve_do_not_matter() =>
        ServiceWeights
            .From([Pod("n1", zones: "west"), Pod("n2", serves: false), Pod("n3", zones: "east")], s_plain, "n1", "west")
            .ShouldBe([1.0, 0, 0]);

    private static WeightedEndpoint Pod(string node, bool serves = true, params string[] zones) =>
        new(node, serves, [.. zones.Where(z => z.Length > 0)]);
}
