using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Testing;
using k8s;

namespace CiliumDebugging.Lab.Tests.Clusters;

/// <summary>Where HTTP rules apply on the path from a client to some Pods, however the policies select them.</summary>
public class ClusterPolicyReaderTests
{
    private const string FromClients =
        """{"fromEndpoints":[{"matchLabels":{"k8s:io.kubernetes.pod.namespace":"clients"}}]}""";
    private const string FromCluster = """{"fromEntities":["cluster"]}""";
    private const string FromTeam =
        """{"fromEndpoints":[{"matchLabels":{"k8s:io.cilium.k8s.namespace.labels.team":"red"}}]}""";

    [Theory]
    [InlineData("the number of a port", FromClients, "8080", true)]
    [InlineData("the name of a port", FromCluster, "http", true)]
    [InlineData("another name", FromCluster, "grpc", false)]
    [InlineData("a label of the namespace", FromTeam, "8080", true)]
    [InlineData("a service account", FromClients, "8080", true, "loader")]
    [InlineData("another service account", FromClients, "8080", false, "default")]
    public async Task Rules_are_found_by(string what, string from, string port, bool found, string? account = null)
    {
        var rule = ApiFixture.Object(from);
        if (account is not null)
            rule["fromEndpoints"]![0]!["matchLabels"]!["io.cilium.k8s.policy.serviceaccount"] = account;
        rule["toPorts"] = JsonNode.Parse(
            $$$"""[{"ports":[{"port":"{{{port}}}","protocol":"TCP"}],"rules":{"http":[{"method":"GET"}]}}]"""
        );
        var ingress = $"[{rule.ToJsonString()}]";
        await using var api = await ApiFixture.StartAsync();
        void Create(ResourceKind kind, string ns, string json) =>
            api.Store.Create(kind, ns, ApiFixture.Object(json)).OrThrow();
        Create(ResourceKinds.Namespaces, "", """{"metadata":{"name":"clients","labels":{"team":"red"}}}""");
        Create(
            ResourceKinds.Pods,
            "clients",
            """
            {"metadata":{"name":"client"},
             "spec":{"serviceAccountName":"loader","containers":[{"name":"c","image":"c"}]}}
            """
        );
        Create(
            ResourceKinds.Pods,
            "default",
            """
            {"metadata":{"name":"server"},"spec":{"containers":[{"name":"c","image":"c",
             "ports":[{"name":"http","containerPort":8080},{"name":"grpc","containerPort":9000}]}]}}
            """
        );
        Create(
            ResourceKinds.CiliumNetworkPolicies,
            "default",
            $$$"""{"metadata":{"name":"p"},"spec":{"endpointSelector":{},"ingress":{{{ingress}}}}}"""
        );
        var client = await api.Client.CoreV1.ReadNamespacedPodAsync(
            "client",
            "clients",
            cancellationToken: TestContext.Current.CancellationToken
        );
        var server = await api.Client.CoreV1.ReadNamespacedPodAsync(
            "server",
            "default",
            cancellationToken: TestContext.Current.CancellationToken
        );

        var policies = await ClusterPolicyReader.ReadAsync(api.Client, null, TestContext.Current.CancellationToken);

        policies.Problems.ShouldBeEmpty();
        var between = policies.Between(client, [server], 8080);
        (between.Egress, between.Ingress).ShouldBe((false, found), what);
        // Port 9001 has no rule: the policy makes it denied.
        policies.Between(client, [server], 9001).Denied.ShouldBe(["default/server"], what);
    }
}
