using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.AppHost.Dashboard;
using CiliumDebugging.AppHost.Resources;
using CiliumDebugging.ClusterModel;

namespace CiliumDebugging.AppHost.Tests;

/// <summary>The application model; nothing is started.</summary>
public sealed class CompositionTests
{
    [Fact]
    public async Task The_cluster_is_the_one_process_and_gets_topology_and_settings_but_no_secret()
    {
        var builder = Application.CreateBuilder();
        var options = Options("--workers", "2", "--port-offset", "100", "--set", "tunnel=vxlan");

        var cluster = builder.AddCluster<ClusterProject>("cluster", options);
        builder.AddDeployment<ClusterProject>("backend-1", options.Topology, cluster);

        builder.Resources.OfType<ExecutableResource>().ShouldHaveSingleItem().Name.ShouldBe("cluster");
        var environment = await EnvironmentAsync(cluster.Resource, builder);
        environment["CLUSTER_PORT_OFFSET"].ShouldBe("100");
        environment["CLUSTER_CILIUM_CONFIG"].ShouldBe("tunnel=vxlan");
        ClusterTopology.FromJson((string)environment["CLUSTER_TOPOLOGY"]).Nodes.Length.ShouldBe(3);
        environment.Keys.ShouldNotContain(k => k.Contains("TOKEN", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void A_cluster_that_is_there_starts_no_process_and_has_no_workloads_of_its_own()
    {
        var builder = Application.CreateBuilder();
        var options = Options() with { Existing = new ExistingCluster("prod", null, null) };

        var cluster = builder.AddCluster<ClusterProject>("cluster", options);
        builder.AddDeployment<ClusterProject>("backend-1", options.Topology, cluster);

        builder.Resources.ShouldHaveSingleItem().ShouldBeOfType<ExistingClusterResource>().Name.ShouldBe("cluster");
    }

    [Fact]
    public void The_distribution_is_a_resource_that_no_manifest_contains()
    {
        var builder = Application.CreateBuilder();
        var cluster = builder.AddCluster<ClusterProject>("cluster", Options());

        builder.AddDistribution("distribution", Options(), cluster);

        builder
            .Resources.Where(r => r.Name == "distribution")
            .ShouldHaveSingleItem()
            .IsExcludedFromPublish()
            .ShouldBeTrue();
    }

    [Fact]
    public void Every_command_of_the_lab_is_a_command_of_the_distribution_and_one_runs_any_scenario()
    {
        var builder = Application.CreateBuilder();
        var cluster = builder.AddCluster<ClusterProject>("cluster", Options());

        builder.AddDistribution("distribution", Options(), cluster);

        var commands = builder
            .Resources.OfType<DistributionResource>()
            .Single()
            .Annotations.OfType<ResourceCommandAnnotation>()
            .ToList();
        commands
            .Select(c => c.Name)
            .ShouldBe(
                [
                    "apply-backend-policy",
                    "remove-backend-policy",
                    "apply-load-test-policy",
                    "remove-load-test-policy",
                    "run-scenario",
                    "start-load",
                    "end-run",
                    "write-report",
                ],
                ignoreOrder: true
            );
        var scenario = commands.Single(c => c.Name == "run-scenario").Arguments.ShouldHaveSingleItem();
        scenario.Options.ShouldNotBeNull().Select(o => o.Key).ShouldContain("stale-conntrack");
        scenario.Value.ShouldBe("two-sided-l7");
    }

    [Fact]
    public void The_dashboard_is_served_over_plain_http_on_loopback()
    {
        var configuration = Application.CreateBuilder().Configuration;

        foreach (
            var address in new[]
            {
                "ASPNETCORE_URLS",
                "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL",
                "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL",
            }
        )
            configuration[address].ShouldNotBeNull().ShouldStartWith("http://localhost:");
        DashboardAddresses.Link(configuration).ShouldMatch(@"^http://localhost:\d+/login\?t=[0-9a-f]{32}$");
    }

    [Fact]
    public void Two_labs_of_one_machine_never_take_the_same_ports()
    {
        using var first = DashboardPorts.TryReserve(15280, 15281, 15282);
        using var second = DashboardPorts.TryReserve(15280, 15281, 15282);

        first.ShouldNotBeNull();
        second.ShouldBeNull();
    }

    private static AppHostOptions Options(params string[] args) => AppHostArguments.Parse(args).Options!;

    private static async Task<Dictionary<string, object>> EnvironmentAsync(
        IResource resource,
        IDistributedApplicationBuilder builder
    )
    {
        var context = new EnvironmentCallbackContext(
            builder.ExecutionContext,
            resource,
            cancellationToken: TestContext.Current.CancellationToken
        );
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
            await annotation.Callback(context);
        return context.EnvironmentVariables;
    }

    /// <summary>Takes the place of the class that Aspire makes of AppHost's reference to ClusterSetup.</summary>
    private sealed class ClusterProject : IProjectMetadata
    {
        public string ProjectPath => "ClusterSetup/ClusterSetup.csproj";
    }
}
