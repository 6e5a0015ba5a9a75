using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>How a workload controller makes and deletes its Pods: through the API, told to the local copy and to people.</summary>
/// <param name="api">The cluster's API.</param>
/// <param name="cache">The local copies.</param>
/// <param name="events">Receives what was done.</param>
/// <param name="component">The controller's name in Events.</param>
internal sealed class PodControl(IKubernetes api, ClusterCache cache, EventRecorder events, string component)
{
    /// <summary>Pods of one owner created or deleted in a round; the next round goes on.</summary>
    public const int MaxBurst = 50;

    /// <summary>Creates a Pod for its owner.</summary>
    public async Task CreateAsync(IKubernetesObject<V1ObjectMeta> owner, V1Pod pod, CancellationToken cancellationToken)
    {
        var created = await api.CoreV1.CreateNamespacedPodAsync(
            pod,
            owner.Namespace(),
            cancellationToken: cancellationToken
        );
        cache.Pods.Wrote(created);
        events.Record(owner, component, "SuccessfulCreate", $"Created pod: {created.Name()}");
    }

    /// <summary>Gives a Pod to a controller, or away from the one that has it.</summary>
    /// <param name="pod">The Pod.</param>
    /// <param name="owner">Its controller from now on; null: none.</param>
    /// <param name="cancellationToken">Ends the write.</param>
    public async Task HandOverAsync(
        V1Pod pod,
        IKubernetesObject<V1ObjectMeta>? owner,
        CancellationToken cancellationToken
    )
    {
        var owners = (pod.OwnerReferences() ?? [])
            .Where(o => o.Controller is not true)
            .Concat(owner is null ? [] : [PodTemplates.Owner(owner)])
            .ToList();
        // The uid: not a successor of the same name.
        var metadata = new JsonObject
        {
            ["uid"] = pod.Uid(),
            ["ownerReferences"] = owners.Count == 0 ? null : JsonNode.Parse(KubernetesJson.Serialize(owners)),
        };
        var patch = new V1Patch(
            new JsonObject { ["metadata"] = metadata }.ToJsonString(),
            V1Patch.PatchType.MergePatch
        );
        cache.Pods.Wrote(
            await api.CoreV1.PatchNamespacedPodAsync(
                patch,
                pod.Name(),
                pod.Namespace(),
                cancellationToken: cancellationToken
            )
        );
    }

    /// <summary>Deletes a Pod of an owner.</summary>
    public async Task DeleteAsync(IKubernetesObject<V1ObjectMeta> owner, V1Pod pod, CancellationToken cancellationToken)
    {
        cache.Pods.Wrote(
            await api.CoreV1.DeleteNamespacedPodAsync(pod.Name(), pod.Namespace(), cancellationToken: cancellationToken)
        );
        events.Record(owner, component, "SuccessfulDelete", $"Deleted pod: {pod.Name()}");
    }
}
