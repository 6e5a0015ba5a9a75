using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Running;

/// <summary>Which objects of a cluster a run changes: what is not named here is not put back.</summary>
internal static class ChangedObjects
{
    /// <summary>Cilium's settings, which a scenario may have changed before it runs.</summary>
    public static readonly ObjectReference CiliumConfig = ObjectReference.Of(
        "ConfigMap",
        "v1",
        "configmaps",
        CiliumNames.SystemNamespace,
        CiliumNames.ConfigMap
    );

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

    /// <summary>The objects that a step changes.</summary>
    public static IEnumerable<ObjectReference> Of(ScenarioStep step, LoadSpec load) =>
        step switch
        {
            ApplyStep apply => apply.Policies.Select(Of),
            DeleteStep delete => delete.Policies.Select(Of),
            ServiceStep => [ServiceOf(load)],
            // A deleted Pod is replaced by its Deployment, and a phase only measures.
            DeletePodStep or PhaseStep => [],
            _ => throw new ArgumentException($"it is not known what {step.GetType().Name} changes", nameof(step)),
        };
}
