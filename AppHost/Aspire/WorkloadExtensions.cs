using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.ServiceDefaults.Pods;
using Microsoft.Extensions.DependencyInjection;

namespace CiliumDebugging.AppHost;

/// <summary>Adds the Pods of the lab.</summary>
internal static class WorkloadExtensions
{
    /// <summary>
    /// Adds a workload of the topology: while the lab runs one resource per Pod, because replicas of one resource share a proxy and cannot be told apart;
    /// in a chart one Deployment.
    /// </summary>
    public static IReadOnlyList<IResourceBuilder<ProjectResource>> AddWorkload<TProject>(
        this IDistributedApplicationBuilder builder, string name, LabTopology topology, LabCluster cluster)
        where TProject : IProjectMetadata, new()
    {
        var workload = topology.Workloads.Single(w => w.Name == name);
        return builder.ExecutionContext.IsPublishMode
            ? [builder.AddDeployment<TProject>(workload, topology.Services.FirstOrDefault(s => s.Name == name && s.Namespace == workload.Namespace))]
            : [.. topology.Slots().Where(slot => slot.Workload.Name == name).Select(slot => builder.AddPod<TProject>(slot, cluster))];
    }

    /// <summary>Adds the process of one Pod. It registers itself with the cluster and is replaced when its Pod is deleted.</summary>
    private static IResourceBuilder<ProjectResource> AddPod<TProject>(this IDistributedApplicationBuilder builder, PodSlot slot, LabCluster cluster)
        where TProject : IProjectMetadata, new()
    {
        var pod = builder.AddProject<TProject>(slot.ResourceName, launchProfileName: null)
            .WithEnvironment(PodEnvironment.ApiUrl, cluster.Api)
            .WithEnvironment(PodEnvironment.ApiToken, cluster.ApiToken)
            .WithAnnotation(new PodAnnotation(slot))
            .WithIconName(slot.Workload.Port is null ? "Flash" : "Box")
            .WithParentRelationship(cluster.Resource!)
            .WaitFor(cluster.Resource!)
            .WithPromptTelemetry();
        foreach (var (key, value) in LabProcesses.PodVariables(slot))
            pod.WithEnvironment(key, value);

        builder.Services.AddHostedService<PodReplacement>();
        return pod;
    }
}

/// <summary>Marks a resource as the process of a Pod.</summary>
/// <param name="Slot">The place the Pod fills.</param>
internal sealed record PodAnnotation(PodSlot Slot) : IResourceAnnotation;
