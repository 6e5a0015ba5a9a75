using System.Net;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>Restricted clusters, and the Service that is watched when none is named.</summary>
public sealed class ClusterRightsTests
{
    private const string Refusal = """{"kind":"Status","code":403,"message":"pods \"b1\" is forbidden: read only"}""";

    [Fact]
    public async Task Without_access_reviews_everything_counts_as_allowed()
    {
        await using var cluster = await ObservedCluster.StartAsync();

        (await ClusterRights.ReadAsync(cluster.Api.Client, "backend", TestContext.Current.CancellationToken)).ShouldBe(
            ClusterRights.All
        );
    }

    [Fact]
    public async Task A_refusal_has_the_reason_of_the_access_review()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        var (client, between) = ApiSwitch.For(cluster.Api);
        using var disposed = client;
        between.Instead = (_, path) =>
            path.EndsWith("/selfsubjectaccessreviews", StringComparison.Ordinal)
                ? (HttpStatusCode.Created, """{"spec":{},"status":{"allowed":false,"reason":"read only"}}""")
                : null;

        var rights = await ClusterRights.ReadAsync(client, "backend", TestContext.Current.CancellationToken);

        rights.DeletePods.ShouldBe("this user may not delete pods in namespace backend: read only");
        rights.ApplyPolicies.ShouldBe("this user may not create ciliumnetworkpolicies in namespace backend: read only");
        rights.CreateNamespaces.ShouldBe("this user may not create namespaces: read only");
    }

    [Fact]
    public async Task A_cluster_without_Cilium_refuses_its_policies()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        var (client, between) = ApiSwitch.For(cluster.Api);
        using var disposed = client;
        between.Instead = (_, path) =>
            path.StartsWith("/apis/cilium.io/", StringComparison.Ordinal)
                ? (HttpStatusCode.NotFound, "404 page not found")
                : null;

        var rights = await ClusterRights.ReadAsync(client, "backend", TestContext.Current.CancellationToken);

        rights.ApplyPolicies.ShouldNotBeNull().ShouldContain("Cilium is not installed");
        rights.DeletePods.ShouldBeNull();
    }

    [Fact]
    public async Task A_controller_shows_what_may_be_read_and_refuses_commands_with_the_clusters_reason()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        var (client, between) = ApiSwitch.For(cluster.Api);
        using var disposed = client;
        between.Instead = (method, path) =>
            method != "GET" || path.StartsWith("/apis/cilium.io/", StringComparison.Ordinal)
                ? (HttpStatusCode.Forbidden, Refusal)
                : null;
        var scenario = ScenarioCatalog.Load("two-sided-l7");
        var options = new LabControllerOptions([], ScenarioCatalog.Load, s => s.Settings, _ => 3);
        await using LabController controller = new LabController(client, scenario, options, TimeProvider.System);
        await Eventually.HoldsAsync("the pods are known", () => controller.Feed.Lab.Pods.Length == 3);
        controller.Feed.Lab.Policies.ShouldAllBe(p => !p.Applied);

        var refused = await Should.ThrowAsync<CommandRefusedException>(() =>
            controller.RunAsync(
                new PageCommand(PageAction.DeletePod, "backend/b1"),
                TestContext.Current.CancellationToken
            )
        );

        refused.Message.ShouldBe(
            "the cluster refused DELETE /api/v1/namespaces/backend/pods/b1: 403 pods \"b1\" is forbidden: read only"
        );
    }

    [Fact]
    public async Task The_labs_Service_is_found_and_without_it_others_are_proposed()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var cluster = await ObservedCluster.StartAsync();
        var found = await ServiceSearch.FindAsync(cluster.Api.Client, cancellation);
        (found.Namespace, found.Name).ShouldBe(("backend", "backend-1"));

        cluster.Api.Store.Delete(ResourceKinds.Services, "backend", "backend-1").OrThrow();
        (await ServiceSearch.FindAsync(cluster.Api.Client, cancellation)).ShouldBe(
            new FoundService(
                null,
                null,
                "there is no Service backend/backend-1: give --service NAMESPACE/NAME "
                    + "(no Service outside kube-system has pods)"
            )
        );

        for (var i = 10; i < 22; i++)
            cluster.Service($"s{i}");
        cluster.Service("a", app: "nothing");
        var proposed = await ServiceSearch.FindAsync(cluster.Api.Client, cancellation);
        proposed.IsFound.ShouldBeFalse();
        proposed.Message.ShouldContain("give --service NAMESPACE/NAME, for example backend/s10, backend/s11");
        proposed.Message.ShouldEndWith("backend/s19 and 2 more");
    }
}
