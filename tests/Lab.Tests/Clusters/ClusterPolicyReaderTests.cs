using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

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

    /// <summary>Cilium resolves the name of an egress rule among all Pods of the cluster, and a name with two numbers to
    /// none (NamedPortMultiMap). Pods on their node's network are not among them.</summary>
    [Theory]
    [InlineData("web", 9090, false, 9090)]
    [InlineData("web", 9090, true, null)]
    [InlineData("http", 9090, false, null)]
    [InlineData("http", 9090, true, 8080)]
    [InlineData("http", 8080, false, 8080)]
    public async Task A_port_name_on_egress_is_that_of_any_pod(string name, int number, bool ofHost, int? port)
    {
        await using var api = await ApiFixture.StartAsync();
        var client = Pod(api, "clients", "client", "");
        var server = Pod(api, "default", "server", """{"name":"http","containerPort":8080}""");
        Create(api, ResourceKinds.Namespaces, "", """{"metadata":{"name":"third"}}""");
        Pod(api, "third", "other", $$"""{"name":"{{name}}","containerPort":{{number}}}""", ofHost);
        Create(
            api,
            ResourceKinds.CiliumNetworkPolicies,
            "clients",
            $$$"""
            {"metadata":{"name":"p"},"spec":{"endpointSelector":{},"egress":[{"toEntities":["cluster"],
             "toPorts":[{"ports":[{"port":"{{{name}}}","protocol":"TCP"}]}]}]}}
            """
        );

        var policies = await ClusterPolicyReader.ReadAsync(api.Client, null, TestContext.Current.CancellationToken);

        policies.Problems.ShouldBeEmpty();
        foreach (var target in (int[])[8080, 9090])
            policies.Between(client, [server], (ushort)target).Denied.IsEmpty.ShouldBe(target == port, $"{target}");
    }

    /// <summary>Of the rules that apply on the way alone: on egress the client's, on ingress the servers'.</summary>
    [Theory]
    [InlineData("default", "1.19.4", "a bug of Cilium's")]
    [InlineData("default", "1.18.0", null)]
    [InlineData("clients", "1.19.4", null)]
    public async Task Where_cilium_does_not_do_what_a_network_policy_says_is_noted(
        string ns,
        string release,
        string? expected
    )
    {
        await using var api = await ApiFixture.StartAsync();
        var (client, server) = (Pod(api, "clients", "client", ""), Pod(api, "default", "server", ""));
        Create(
            api,
            ResourceKinds.NetworkPolicies,
            ns,
            """
            {"metadata":{"name":"p"},"spec":{"podSelector":{},"ingress":[{"from":[
             {"ipBlock":{"cidr":"192.0.2.0/24"}},{"ipBlock":{"cidr":"198.51.100.0/24"}}]}]}}
            """
        );
        var notes = (await ReadAsync(api, release)).Between(client, [server], 8080).Notes;
        notes.Length.ShouldBe(expected is null ? 0 : 1);
        foreach (var note in notes)
        {
            note.ShouldStartWith("NetworkPolicy default/p, spec.ingress[0].from[0]");
            note.ShouldContain(expected!);
            note.ShouldEndWith("(also in 1 more)");
        }
    }

    [Theory]
    [InlineData("clients", 1)]
    [InlineData("default", 0)]
    public async Task That_names_select_no_pods_is_noted(string ns, int count)
    {
        await using var api = await ApiFixture.StartAsync();
        var (client, server) = (Pod(api, "clients", "client", ""), Pod(api, "default", "server", ""));
        Create(
            api,
            ResourceKinds.CiliumNetworkPolicies,
            ns,
            """
            {"metadata":{"name":"p"},"spec":{"endpointSelector":{},
             "egress":[{"toFQDNs":[{"matchName":"example.com"}]}]}}
            """
        );
        var notes = (await ReadAsync(api, "1.9.0")).Between(client, [server], 8080).Notes;
        notes.Count(n => n.Contains("toFQDNs", StringComparison.Ordinal)).ShouldBe(count);
        notes.Length.ShouldBe(count);
    }

    private static Task<ClusterPolicyReader> ReadAsync(ApiFixture api, string release)
    {
        CiliumVersion.TryParse(release, out var version).ShouldBeTrue();
        return ClusterPolicyReader.ReadAsync(api.Client, version, TestContext.Current.CancellationToken);
    }

    private static void Create(ApiFixture api, ResourceKind kind, string ns, string json) =>
        api.Store.Create(kind, ns, ApiFixture.Object(json)).OrThrow();

    /// <summary>A Pod that runs, with its namespace.</summary>
    private static V1Pod Pod(ApiFixture api, string ns, string name, string port, bool ofHost = false)
    {
        if (api.Store.Get(ResourceKinds.Namespaces, "", ns).Failure is not null)
            Create(api, ResourceKinds.Namespaces, "", $$$"""{"metadata":{"name":"{{{ns}}}"}}""");
        Create(
            api,
            ResourceKinds.Pods,
            ns,
            $$$"""
            {"metadata":{"name":"{{{name}}}"},"spec":{"hostNetwork":{{{(ofHost ? "true" : "false")}}},
             "containers":[{"name":"c","image":"c","ports":[{{{port}}}]}]}}
            """
        );
        api.Store.Update(
                ResourceKinds.Pods,
                ns,
                name,
                new JsonObject { ["status"] = new JsonObject { ["phase"] = "Running" } },
                status: true
            )
            .OrThrow();
        return api.Client.CoreV1.ReadNamespacedPod(name, ns);
    }
}
