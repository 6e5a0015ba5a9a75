using CiliumDebugging.AppHost.Kubernetes;
using CiliumDebugging.ClusterModel;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>Adds the workloads of the lab.</summary>
internal static class DeploymentExtensions
{
    /// <summary>
    /// Adds a workload: in a chart a Deployment; while the lab runs the row of the Deployment that the cluster creates
    /// from the topology, with its Pods below it (<see cref="ClusterMirror"/>).
    ///</summary>
    /// <typeparam name="TProject">The project of the program that its Pods run.</typeparam>
    public static IResourceBuilder<IResource> AddDeployment<TProject>(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        ClusterTopology topology,
        IResourceBuilder<IClusterResource> cluster
    )
        where TProject : IProjectMetadata, new()
    {
        var workload = topology.Workloads.Single(w => w.Name == name);
        if (builder.ExecutionContext.IsPublishMode)
        {
            var service = topology.Services.FirstOrDefault(s => s.Name == name && s.Namespace == workload.Namespace);
            return builder.AddProject<TProject>(name, launchProfileName: null).PublishAsDeployment(workload, service);
        }
        var deployment = new WorkloadResource(name, workload.Namespace, name, WorkloadResource.Deployment);
        // The workloads of an existing cluster are those its API lists.
        if (!cluster.Resource.IsEmbedded)
            return builder.CreateResourceBuilder(deployment);
        return builder
            .AddResource(deployment)
            .WithInitialState(
                deployment.Describe(
                    new ResourceStateSnapshot(KnownResourceStates.Waiting, KnownResourceStateStyles.Info)
                )
            )
            .ExcludeFromManifest();
    }
}
