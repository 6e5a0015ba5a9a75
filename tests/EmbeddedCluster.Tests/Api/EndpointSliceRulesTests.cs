using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Storage;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

/// <summary>Endpoints of one's own are refused as a real API server refuses them.</summary>
public sealed class EndpointSliceRulesTests
{
    private readonly ObjectStore _store = new(TimeProvider.System);

    [Theory]
    [InlineData(
        """{"addressType":"Foo"}""",
        "addressType: Unsupported value: \"Foo\": supported values: \"FQDN\", \"IPv4\", \"IPv6\""
    )]
    [InlineData("""{"endpoints":[]}""", "addressType: Required value")]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[{"addresses":["a.example"]}]}""",
        "[endpoints[0].addresses[0]: Invalid value: \"a.example\": must be a valid IPv4 address, "
            + "endpoints[0].addresses[0]: Invalid value: \"a.example\": must be a valid IP address]"
    )]
    [InlineData(
        """{"addressType":"IPv6","endpoints":[{"addresses":["10.0.0.1"]}]}""",
        "endpoints[0].addresses[0]: Invalid value: \"10.0.0.1\": must be a valid IPv6 address"
    )]
    [InlineData("""{"addressType":"IPv4","endpoints":[{"addresses":["::1"]}]}""", "must be a valid IPv4 address")]
    [InlineData("""{"addressType":"IPv4","endpoints":[{"addresses":["10.1"]}]}""", "must be a valid IPv4 address")]
    [InlineData(
        """{"addressType":"IPv6","endpoints":[{"addresses":["fe80::1%lo"]}]}""",
        "must be a valid IPv6 address"
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[{"addresses":["169.254.1.1"]}]}""",
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
    )]
    [InlineData(
        """{"addressType":"FQDN","endpoints":[{"addresses":["localhost"]}]}""",
        "\"localhost\": should be a domain with at least two segments separated by dots"
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[{"addresses":[]}]}""",
        "endpoints[0].addresses: Required value: must contain at least 1 address"
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"],"hostname":"A"}]}""",
        "endpoints[0].hostname: Invalid value: \"A\": a lowercase RFC 1123 label"
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"],"nodeName":"a_b"}]}""",
        "endpoints[0].nodeName: Invalid value: \"a_b\""
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"],"hints":{"forZones":[{"name":"a"},{"name":"a"}]}}]}""",
        "endpoints[0].hints.forZones[1].name: Duplicate value: \"a\""
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"],"deprecatedTopology":{"a b":"c"}}]}""",
        "endpoints[0].deprecatedTopology: Invalid value: \"a b\""
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[],"ports":[{"port":70000}]}""",
        "ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive"
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[],"ports":[{"port":80,"protocol":"FOO"}]}""",
        "ports[0].protocol: Unsupported value: \"FOO\": supported values: \"SCTP\", \"TCP\", \"UDP\""
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[],"ports":[{"name":"a","port":80},{"name":"a","port":81}]}""",
        "ports[1].name: Duplicate value: \"a\""
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[],"ports":[{"port":80},{"port":81}]}""",
        "ports[1].name: Duplicate value: \"\""
    )]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[],"ports":[{"name":"a.b","port":80,"appProtocol":"a b"}]}""",
        "ports[0].appProtocol: Invalid value: \"a b\""
    )]
    public void It_is_refused_with_what_is_wrong(string slice, string problem) =>
        Create(JsonNode.Parse(slice)!.AsObject()).ShouldNotBeNull().ShouldContain(problem);

    [Theory]
    [InlineData("endpoints", 1000, "endpoints: Too many: 1001: must have at most 1000 items")]
    [InlineData("addresses", 100, "endpoints[0].addresses: Too many: 101: must have at most 100 items")]
    public void A_list_has_a_limit(string list, int max, string problem)
    {
        Create(Slice(max)).ShouldBeNull();
        Create(Slice(max + 1)).ShouldNotBeNull().ShouldContain(problem);

        JsonObject Slice(int count)
        {
            var addresses = Enumerable.Range(0, count).Select(i => $"10.0.{i / 250}.{1 + i % 250}");
            return new JsonObject
            {
                ["addressType"] = "IPv4",
                ["endpoints"] =
                    list == "endpoints"
                        ? new JsonArray([.. addresses.Select(a => Endpoint(a))])
                        : new JsonArray(Endpoint([.. addresses])),
            };
        }
        static JsonObject Endpoint(params string[] addresses) =>
            new() { ["addresses"] = new JsonArray([.. addresses.Select(a => (JsonNode)a)]) };
    }

    [Theory]
    [InlineData("""{"addressType":"IPv4","endpoints":[{"addresses":["127.68.1.2"]}],"ports":[{"port":8080}]}""")]
    [InlineData(
        """{"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"]}],"ports":[{"name":"","port":null}]}"""
    )]
    [InlineData("""{"addressType":"IPv6","endpoints":[{"addresses":["2001:db8::1"]}]}""")]
    [InlineData("""{"addressType":"FQDN","endpoints":[{"addresses":["a.example."]}]}""")]
    public void Pods_of_the_lab_and_addresses_of_every_type_are_taken(string slice) =>
        Create(JsonNode.Parse(slice)!.AsObject()).ShouldBeNull();

    [Fact]
    public void The_type_of_the_addresses_does_not_change()
    {
        Create(JsonNode.Parse("""{"addressType":"IPv4","endpoints":[]}""")!.AsObject()).ShouldBeNull();
        _store
            .Change(ResourceKinds.EndpointSlices, "default", "s0", old =>
            {
                var changed = old.Copy();
                changed["addressType"] = "IPv6";
                return changed;
            })
            .Failure.ShouldNotBeNull()
            .Message.ShouldContain("addressType: Invalid value: \"IPv6\": field is immutable");
    }

    private string? Create(JsonObject slice)
    {
        slice["metadata"] = new JsonObject { ["name"] = $"s{_store.List(ResourceKinds.EndpointSlices).Count}" };
        return _store.Create(ResourceKinds.EndpointSlices, "default", slice).Failure?.Message;
    }
}
