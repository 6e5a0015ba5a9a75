using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CiliumDebugging.Lab.Tests.Running.Existing;

/// <summary>Only what can show something runs: what a scenario needs is checked before anything is created.</summary>
public class ScenarioNeedsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("two-sided-l7", "its policies are enforced by Cilium, and the cluster runs no Cilium agents")]
    [InlineData("ingress-only", "its policies are enforced by Cilium, and the cluster runs no Cilium agents")]
    [InlineData("retry-amplification", "its policies are enforced by Cilium, and the cluster runs no Cilium agents")]
    [InlineData("stale-conntrack", "it is about Cilium's load balancer, and the cluster runs no Cilium agents")]
    [InlineData("ipvs-restart", "it needs kube-proxy in mode ipvs, and the cluster does not say kube-proxy's mode")]
    public async Task What_a_cluster_lacks_is_named_with_what_to_do(string scenario, string missing)
    {
        await using var api = await ApiFixture.StartAsync();
        (await MissingAsync(api.Client, scenario)).ShouldContain(m => m.StartsWith(missing, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("session-affinity")]
    [InlineData("keepalive-pinning")]
    [InlineData("traffic-policy-local")]
    [InlineData("no-local-endpoint")]
    [InlineData("stale-endpoints")]
    [InlineData("topology-zones")]
    [InlineData("no-cilium")]
    public async Task Scenarios_that_need_nothing_of_Cilium_are_not_refused_for_it(string scenario)
    {
        await using var api = await ApiFixture.StartAsync();
        (await MissingAsync(api.Client, scenario)).ShouldBeEmpty();
    }

    private static Task NoItemsAsync(HttpContext context) => FakeApiServer.JsonAsync(context, """{"items": []}""");

    /// <summary>Kubernetes 1.20 stores neither traffic policies nor a distribution.</summary>
    [Fact]
    public async Task Fields_that_an_old_API_server_drops_and_kinds_that_it_lacks_are_named()
    {
        await using var old = await FakeApiServer.StartAsync(app =>
        {
            app.MapPost("/api/v1/namespaces/default/services", (HttpContext context) =>
                FakeApiServer.JsonAsync(context, """{"spec": {"type": "NodePort", "externalTrafficPolicy": "Local"}}""")
            );
            app.MapGet("/version", (HttpContext context) =>
                FakeApiServer.JsonAsync(context, """{"major": "1", "minor": "20", "gitVersion": "v1.20.2"}""")
            );
            app.MapGet("/api/v1/namespaces/kube-system/pods", NoItemsAsync);
            app.MapGet("/api/v1/pods", NoItemsAsync);
        });
        (await MissingAsync(old.Client, "traffic-policy-local"))
            .ShouldHaveSingleItem()
            .ShouldBe(
                "the API server (v1.20.2) does not know spec.internalTrafficPolicy of a Service and drops it: "
                    + "use a cluster with a newer Kubernetes"
            );
        (await MissingAsync(old.Client, "topology-zones"))
            .ShouldHaveSingleItem()
            .ShouldContain("spec.trafficDistribution");
        (await MissingAsync(old.Client, "two-sided-l7")).ShouldContain(m =>
            m.StartsWith("the cluster has no kind CiliumNetworkPolicy (cilium.io/v2)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Nodes_and_zones_are_counted_where_the_workloads_are_to_be_created()
    {
        await using var api = await ApiFixture.StartAsync();
        var needs = new ScenarioNeeds(api.Client, ScenarioCatalog.Load("topology-zones"));
        var missing = await needs.MissingAsync([], createsWorkloads: true, Cancellation);
        missing.ShouldContain(m => m.StartsWith("it needs 3 nodes", StringComparison.Ordinal));
        missing.ShouldContain(m => m.StartsWith("it needs nodes in 2 zones", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("kind: KubeProxyConfiguration\nmode: ipvs\n", "ipvs")]
    [InlineData("mode: \"\"\n", null)]
    [InlineData("iptables:\n  mode: x\nmode: \"iptables\"\n", "iptables")]
    public void Kube_proxys_mode_is_read_from_its_configuration(string configuration, string? mode) =>
        ScenarioNeeds.ModeIn(configuration).ShouldBe(mode);

    private static Task<IReadOnlyList<string>> MissingAsync(k8s.Kubernetes cluster, string scenario) =>
        new ScenarioNeeds(cluster, ScenarioCatalog.Load(scenario)).MissingAsync(
            [],
            createsWorkloads: false,
            Cancellation
        );
}
