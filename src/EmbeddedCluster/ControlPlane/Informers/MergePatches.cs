using System.Text.Json;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

/// <summary>The JSON merge patches that the controllers write.</summary>
internal static class MergePatches
{
    /// <summary>A patch from an anonymous object.</summary>
    public static V1Patch Of(object changes) => new(JsonSerializer.Serialize(changes), V1Patch.PatchType.MergePatch);

    /// <summary>A patch of the status, from a KubernetesClient model.</summary>
    public static V1Patch OfStatus(object status) =>
        new($$"""{"status":{{KubernetesJson.Serialize(status)}}}""", V1Patch.PatchType.MergePatch);

    public static Task<V1Pod> PatchAsync(this IKubernetes api, V1Pod pod, object changes, CancellationToken stop) =>
        api.CoreV1.PatchNamespacedPodAsync(Of(changes), pod.Name(), pod.Namespace(), cancellationToken: stop);

    public static Task<V1ReplicaSet> PatchAsync(
        this IKubernetes api,
        V1ReplicaSet set,
        object changes,
        CancellationToken stop
    ) => api.AppsV1.PatchNamespacedReplicaSetAsync(Of(changes), set.Name(), set.Namespace(), cancellationToken: stop);
}
