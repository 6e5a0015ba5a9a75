using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.EmbeddedCluster.ControlPlane;
using CiliumDebugging.EmbeddedCluster.Network;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;
using k8s;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>What the API tells the author of a policy that is valid.</summary>
public sealed class PolicyNotesTests : IDisposable
{
    private readonly AddressBlocks _addresses = AddressBlocks.Claim();
    private readonly ObjectStore _store = new(TimeProvider.System);

    [Theory]
    [InlineData("1.19.4", 1)]
    [InlineData("1.9.0", 0)]
    public void A_valid_policy_that_does_something_else_than_it_says_is_stored_with_a_warning(string release, int count)
    {
        CiliumVersion.TryParse(release, out var version).ShouldBeTrue();
        ClusterAdmission.Register(_store, _addresses, () => version);
        var space = JsonNode.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"backend"}}""")!;
        _store.Create(ResourceKinds.Namespaces, "", space.AsObject()).Failure.ShouldBeNull();
        var policy = JsonNode.Parse(
            """
            {"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"p"},
             "spec":{"podSelector":{},"ingress":[{"from":[{"ipBlock":{"cidr":"192.0.2.0/24"}}]}]}}
            """
        )!;
        var stored = _store.Create(ResourceKinds.NetworkPolicies, "backend", policy.AsObject());
        stored.Failure.ShouldBeNull();
        var warnings = _store.WarningsOf(stored.Value!);
        warnings.Count.ShouldBe(count);
        warnings.ShouldAllBe(w => w.Contains("a bug of Cilium's", StringComparison.Ordinal));
    }

    [Fact]
    public void A_policy_without_a_spec_is_refused_with_what_is_missing_and_no_empty_field()
    {
        ClusterAdmission.Register(_store, _addresses, () => CiliumVersion.OriginalReport);
        var space = JsonNode.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"backend"}}""")!;
        _store.Create(ResourceKinds.Namespaces, "", space.AsObject()).Failure.ShouldBeNull();
        var policy = JsonNode.Parse(
            """{"apiVersion":"cilium.io/v2","kind":"CiliumNetworkPolicy","metadata":{"name":"p"}}"""
        )!;
        var refused = _store.Create(ResourceKinds.CiliumNetworkPolicies, "backend", policy.AsObject()).Failure;
        refused
            .ShouldNotBeNull()
            .Message.ShouldBe(
                "CiliumNetworkPolicy.cilium.io \"p\" is invalid: Invalid value: 'spec' or 'specs' is missing"
            );
    }

    /// <summary>Different types of L7 rules on one port: Cilium accepts both documents and cannot realise them
    /// together.</summary>
    [Fact]
    public async Task An_endpoint_whose_policy_cannot_be_realised_is_not_ready_until_it_can()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        await lab.ReadyAsync();
        static string Policy(string name, string rules) =>
            $$$"""
                apiVersion: cilium.io/v2
                kind: CiliumNetworkPolicy
                metadata: {name: {{{name}}}, namespace: backend}
                spec:
                  endpointSelector: {matchLabels: {app: backend}}
                  egress: [{toPorts: [{ports: [{port: '53', protocol: TCP}], rules: {{{rules}}}}]}]
                """;
        await lab.ApplyTextAsync(Policy("one", "{http: [{}]}"));
        await EndpointsAreAsync(lab, "ready", null);
        await lab.ApplyTextAsync(Policy("two", "{dns: [{matchPattern: '*'}]}"));
        await EndpointsAreAsync(lab, "not-ready", "cannot merge conflicting L7 parsers");
        await lab.DeleteAllPoliciesAsync();
        await EndpointsAreAsync(lab, "ready", null);
    }

    private static Task EndpointsAreAsync(LiveLab lab, string state, string? message) =>
        Eventually.HoldsAsync($"endpoints are {state}", async () =>
        {
            var list = (JsonObject)
                JsonNode.Parse(
                    System.Text.Json.JsonSerializer.Serialize(
                        await lab.Api.CustomObjects.ListNamespacedCustomObjectAsync(
                            "cilium.io",
                            "v2",
                            "backend",
                            "ciliumendpoints",
                            cancellationToken: TestContext.Current.CancellationToken
                        )
                    )
                )!;
            var all = list["items"]!.AsArray().Select(e => e!["status"]!).ToList();
            return all.Count > 0
                && all.TrueForAll(s =>
                    s["state"]!.GetValue<string>() == state
                    && (
                        message is null
                        || s["log"]![0]!["message"]!.GetValue<string>().StartsWith(message, StringComparison.Ordinal)
                    )
                );
        });

    public void Dispose() => _addresses.Dispose();
}
