using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using CiliumDebugging.ClusterSetup.Topology;

namespace CiliumDebugging.AppHost.Tests.Aspire;

/// <summary>The application model while the lab runs; nothing is started.</summary>
public sealed class CompositionTests
{
    [Fact]
    public async Task Every_pod_is_a_resource_that_knows_its_node_and_waits_for_the_cluster()
    {
        var builder = Builder();
        var cluster = builder.AddCluster("cluster", new LabOptions());

        var pods = builder.AddWorkload<BackendProject>("backend-1", LabTopology.Default, cluster);

        pods.Select(p => p.Resource.Name).ShouldBe(["backend-1-cluster-worker", "backend-1-cluster-worker2", "backend-1-cluster-worker3"]);
        foreach (var pod in pods)
        {
            pod.Resource.Annotations.OfType<WaitAnnotation>().ShouldContain(w => w.Resource == cluster.Resource!.Resource);
            var environment = await EnvironmentAsync(pod.Resource, builder);
            environment["NODE_NAME"].ShouldBe(pod.Resource.Name["backend-1-".Length..]);
            environment["POD_PORTS"].ShouldBe("http=8080");
            environment["CLUSTER_API_TOKEN"].ShouldBe(cluster.ApiToken);
            environment["CLUSTER_API_URL"].ShouldBeOfType<EndpointReference>().EndpointName.ShouldBe("api");
        }
    }

    [Fact]
    public async Task The_cluster_starts_no_pods_and_gets_topology_and_settings()
    {
        var builder = Builder();
        var options = new LabOptions { Workers = 2, PortOffset = 100, CiliumSettings = new LabOptions().CiliumSettings.Add("tunnel", "vxlan") };

        var environment = await EnvironmentAsync(builder.AddCluster("cluster", options).Resource!.Resource, builder);

        environment["CLUSTER_KUBELET"].ShouldBe("false");
        environment["CLUSTER_PORT_OFFSET"].ShouldBe("100");
        environment["CLUSTER_CILIUM_CONFIG"].ShouldBe("tunnel=vxlan");
        LabTopology.FromJson((string)environment["CLUSTER_TOPOLOGY"]).Nodes.Length.ShouldBe(3);
    }

    [Fact]
    public void The_distribution_is_a_resource_that_no_manifest_contains()
    {
        var builder = Builder();
        var cluster = builder.AddCluster("cluster", new LabOptions());

        builder.AddDistribution("distribution", new LabOptions(), new Watched(cluster, [], []));

        var resource = builder.Resources.Where(r => r.Name == "distribution").ShouldHaveSingleItem();
        resource.IsExcludedFromPublish().ShouldBeTrue();
    }

    [Fact]
    public void The_dashboard_needs_no_launch_profile()
    {
        var configuration = Builder().Configuration;

        foreach (var address in new[] { "ASPNETCORE_URLS", "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL" })
            configuration[address].ShouldNotBeNull().ShouldStartWith("http://localhost:");
    }

    [Theory]
    [InlineData("Running", "Finished", 0, true)]
    [InlineData("Running", "Exited", 0, true)]
    [InlineData("Running", "Finished", 1, false)]
    [InlineData("Stopping", "Finished", 0, false)]
    [InlineData("Running", "Running", null, false)]
    public void A_process_is_started_again_when_it_ended_by_itself_with_0(string before, string now, int? exitCode, bool replaced) =>
        PodReplacement.PodWasDeleted(before, now, exitCode).ShouldBe(replaced);

    private static IDistributedApplicationBuilder Builder() => LabBuilder.Create(LabCommandLine.Parse([], embeddedBecause: null));

    private static async Task<Dictionary<string, object>> EnvironmentAsync(ProjectResource resource, IDistributedApplicationBuilder builder)
    {
        var context = new EnvironmentCallbackContext(builder.ExecutionContext, resource, cancellationToken: TestContext.Current.CancellationToken);
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
            await annotation.Callback(context);
        return context.EnvironmentVariables;
    }
}
