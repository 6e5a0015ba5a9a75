using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>
/// How a workload controller makes and deletes its Pods: through the API, noted in the local copy and as an Event.
/// </summary>
internal sealed class PodControl(IKubernetes api, ClusterCache cache, EventRecorder events, string component)
{
    /// <summary>Pods of one owner created or deleted in a round; the next round continues.</summary>
    public const int MaxBurst = 50;

    public async Task CreateAsync(IKubernetesObject<V1ObjectMeta> owner, V1Pod pod, CancellationToken cancellationToken)
    {
        var ns = owner.Namespace();
        var created = await api.CoreV1.CreateNamespacedPodAsync(pod, ns, cancellationToken: cancellationToken);
        cache.Pods.Wrote(created);
        events.Record(owner, component, "SuccessfulCreate", $"Created pod: {created.Name()}");
    }

    /// <summary>
    /// Releases Pods whose changed labels the selector no longer selects (they are replaced, so that people can examine
    /// them), and adopts those without a controller that it selects.
    /// </summary>
    /// <returns>Whether any Pod changed its owner; the next round continues with those there are then.</returns>
    public async Task<bool> ClaimAsync(
        IKubernetesObject<V1ObjectMeta> owner,
        V1LabelSelector selector,
        ILookup<string, V1Pod> byController,
        CancellationToken stop
    )
    {
        var (released, adopted) = PodSelection.Claims(
            owner,
            selector,
            byController[owner.Uid()].Where(p => !p.IsBeingDeleted()),
            byController[""].Where(PodTemplates.IsActive)
        );
        foreach (var pod in released)
            cache.Pods.Wrote(await api.PatchAsync(pod, PodSelection.HandOver(pod, null), stop));
        foreach (var pod in adopted)
            cache.Pods.Wrote(await api.PatchAsync(pod, PodSelection.HandOver(pod, owner), stop));
        return released.Count + adopted.Count > 0;
    }

    public async Task DeleteAsync(IKubernetesObject<V1ObjectMeta> owner, V1Pod pod, CancellationToken cancellationToken)
    {
        cache.Pods.Wrote(
            await api.CoreV1.DeleteNamespacedPodAsync(pod.Name(), pod.Namespace(), cancellationToken: cancellationToken)
        );
        events.Record(owner, component, "SuccessfulDelete", $"Deleted pod: {pod.Name()}");
    }
}
