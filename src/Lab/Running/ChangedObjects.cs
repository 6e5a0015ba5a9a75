using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Running;

/// <summary>Which objects of a cluster a run changes: what is not named here is not put back.</summary>
internal static class ChangedObjects
{
    /// <summary>Cilium's settings, which a scenario may have changed before it runs.</summary>
    /// <param name="ns">Namespace of Cilium.</param>
    public static ObjectReference CiliumConfig(string ns = CiliumNames.SystemNamespace) =>
        ObjectReference.Of("ConfigMap", "v1", "configmaps", ns, CiliumNames.ConfigMap);

    public static ObjectReference Of(PolicyManifest policy) =>
        ObjectReference.Of(
            $"{policy.Model.Kind}",
            $"{policy.Group}/{policy.Version}",
            policy.Plural,
            policy.Model.Namespace,
            policy.Model.Name
        );

    public static ObjectReference ServiceOf(LoadSpec load) =>
        ObjectReference.Of("Service", "v1", "services", load.Namespace, load.Service);

    /// <summary>An EndpointSlice of the load's namespace.</summary>
    public static ObjectReference SliceOf(LoadSpec load, string name) =>
        ObjectReference.Of("EndpointSlice", "discovery.k8s.io/v1", "endpointslices", load.Namespace, name);

    /// <summary>A Deployment of the load's namespace; without a name, the one named as the Service.</summary>
    public static ObjectReference DeploymentOf(LoadSpec load, string? name) =>
        ObjectReference.Of("Deployment", "apps/v1", "deployments", load.Namespace, name ?? load.Service);

    /// <summary>The objects that a step changes.</summary>
    public static IEnumerable<ObjectReference> Of(ScenarioStep step, LoadSpec load) =>
        step switch
        {
            ApplyStep apply => apply.Policies.Select(Of),
            DeleteStep delete => delete.Policies.Select(Of),
            ServiceStep => [ServiceOf(load)],
            EndpointSliceStep slice => [SliceOf(load, slice.Slice)],
            ScaleStep scale => [DeploymentOf(load, scale.Deployment)],
            RolloutStep rollout => [DeploymentOf(load, rollout.Deployment)],
            // A deleted Pod is replaced by its Deployment, and a phase or a wait changes nothing.
            DeletePodStep or PhaseStep or WaitStep => [],
            _ => throw new ArgumentException($"it is not known what {step.GetType().Name} changes", nameof(step)),
        };
}
