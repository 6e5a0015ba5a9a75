using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Testing;
using k8s;

namespace CiliumDebugging.Lab.Tests.Clusters;

/// <summary>Where HTTP rules stand on the way from a client to some Pods, however the policies select them.</summary>
public class ClusterPolicyReaderTests
{
    [Theory]
    [InlineData(
        "the number of a port",
        """[{"fromEndpoints":[{"matchLabels":{"k8s:io.kubernetes.pod.namespace":"clients"}}],"toPorts":[{"ports":[{"port":"8080","protocol":"TCP"}],"rules":{"http":[{"method":"GET"}]}}]}]""",
        true
    )]
    [InlineData(
        "the name of a port",
        """[{"fromEntities":["cluster"],"toPorts":[{"ports":[{"port":"http","protocol":"TCP"}],"rules":{"http":[{"method":"GET"}]}}]}]""",
        true
    )]
    [InlineData(
        "another name",
        """[{"fromEntities":["cluster"],"toPorts":[{"ports":[{"port":"grpc","protocol":"TCP"}],"rules":{"http":[{"method":"GET"}]}}]}]""",
        false
    )]
    [InlineData(
        "a label of the namespace",
        """[{"fromEndpoints":[{"matchLabels":{"k8s:io.cilium.k8s.namespace.labels.team":"red"}}],"toPorts":[{"ports":[{"port":"8080","protocol":"TCP"}],"rules":{"http":[{"method":"GET"}]}}]}]""",
        true
    )]
    [InlineData(
        "a service account",
        """[{"fromEndpoints":[{"matchLabels":{"k8s:io.kubernetes.pod.namespace":"clients","io.cilium.k8s.policy.serviceaccount":"loader"}}],"toPorts":[{"ports":[{"port":"8080","protocol":"TCP"}],"rules":{"http":[{"method":"GET"}]}}]}]""",
        true
    )]
    [InlineData(
        "another service account",
        """[{"fromEndpoints":[{"matchLabels":{"k8s:io.kubernetes.pod.namespace":"clients","io.cilium.k8s.policy.serviceaccount":"default"}}],"toPorts":[{"ports":[{"port":"8080","protocol":"TCP"}],"rules":{"http":[{"method":"GET"}]}}]}]""",
        false
    )]
    public async Task Rules_are_found_by(string what, string ingress, bool found)
    {
        await using var api = await ApiFixture.StartAsync();
        void Create(ResourceKind kind, string ns, string json) =>
            api.Store.Create(kind, ns, ApiFixture.Object(json)).OrThrow();
        Create(ResourceKinds.Namespaces, "", """{"metadata":{"name":"clients","labels":{"team":"red"}}}""");
        Create(
            ResourceKinds.Pods,
            "clients",
            """{"metadata":{"name":"client"},"spec":{"serviceAccountName":"loader","containers":[{"name":"c","image":"c"}]}}"""
        );
        Create(
            ResourceKinds.Pods,
            "default",
            """{"metadata":{"name":"server"},"spec":{"containers":[{"name":"c","image":"c","ports":[{"name":"http","containerPort":8080},{"name":"grpc","containerPort":9000}]}]}}"""
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

        ClusterPolicyReader policies = await ClusterPolicyReader.ReadAsync(
            api.Client,
            TestContext.Current.CancellationToken
        );

        policies.Problems.ShouldBeEmpty();
        policies.HttpRules(client, [server], 8080).ShouldBe((false, found), what);
    }
}
