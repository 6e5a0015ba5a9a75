using System.Globalization;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.AppHost;

/// <summary>The embedded cluster as an Aspire resource: its process, its API and the token for it.</summary>
/// <param name="Resource">The process; null when the lab is published, because a real cluster takes its place.</param>
/// <param name="ApiToken">Bearer token of its API.</param>
internal sealed record LabCluster(IResourceBuilder<ProjectResource>? Resource, string ApiToken)
{
    /// <summary>Name of the endpoint of its Kubernetes API.</summary>
    public const string ApiEndpoint = "api";

    /// <summary>Its Kubernetes API. Only while it runs.</summary>
    public EndpointReference Api => (Resource ?? throw new InvalidOperationException("a published lab has no embedded cluster")).GetEndpoint(ApiEndpoint);
}

/// <summary>Adds the embedded cluster.</summary>
internal static class ClusterExtensions
{
    /// <summary>Adds the process of the embedded cluster. It starts no Pods: each is a resource of its own.</summary>
    public static LabCluster AddCluster(this IDistributedApplicationBuilder builder, [ResourceName] string name, LabOptions options)
    {
        var token = LabProcesses.NewApiToken();
        if (builder.ExecutionContext.IsPublishMode) return new LabCluster(null, token);

        var resource = builder.AddProject<Projects.ClusterSetup>(name, launchProfileName: null)
            .WithArgs("cluster")
            .WithIconName("Server")
            .WithHttpEndpoint(name: LabCluster.ApiEndpoint, env: LabProcesses.ApiPort)
            .WithHttpHealthCheck("/readyz", endpointName: LabCluster.ApiEndpoint)
            .WithEnvironment(LabTopology.EnvironmentVariable, options.Topology.ToJson())
            .WithEnvironment(LabProcesses.PortOffset, options.PortOffset?.ToString(CultureInfo.InvariantCulture) ?? "")
            .WithEnvironment(LabProcesses.CiliumConfig, options.CiliumConfig)
            .WithEnvironment(LabProcesses.Kubelet, "false")
            .WithEnvironment(PodEnvironment.ApiToken, token)
            .WithPromptTelemetry();
        return new LabCluster(resource, token);
    }
}
