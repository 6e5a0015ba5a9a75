using System.Text.Json.Nodes;
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

    /// <summary>Makes another controller, or none, the Pod's owner.</summary>
    public async Task HandOverAsync(V1Pod pod, IKubernetesObject<V1ObjectMeta>? owner, CancellationToken stop)
    {
        var owners = (pod.OwnerReferences() ?? [])
            .Where(o => o.Controller is not true)
            .Concat(owner is null ? [] : [PodTemplates.Owner(owner)])
            .ToList();
        // The uid: not a successor of the same name.
        var ownerReferences = owners.Count == 0 ? null : JsonNode.Parse(KubernetesJson.Serialize(owners));
        var metadata = new { uid = pod.Uid(), ownerReferences };
        cache.Pods.Wrote(await api.PatchAsync(pod, new { metadata }, stop));
    }

    public async Task DeleteAsync(IKubernetesObject<V1ObjectMeta> owner, V1Pod pod, CancellationToken cancellationToken)
    {
        cache.Pods.Wrote(
            await api.CoreV1.DeleteNamespacedPodAsync(pod.Name(), pod.Namespace(), cancellationToken: cancellationToken)
        );
        events.Record(owner, component, "SuccessfulDelete", $"Deleted pod: {pod.Name()}");
    }
}
