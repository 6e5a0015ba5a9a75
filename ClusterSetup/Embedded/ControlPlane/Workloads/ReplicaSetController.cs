using System.Text.Json;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane.Workloads;

/// <summary>Keeps as many Pods of each ReplicaSet as it asks for.</summary>
internal sealed class ReplicaSetController(IKubernetes api, ClusterCache cache, EventRecorder events)
{
    private const string Component = "replicaset-controller";

    /// <summary>Pods of one ReplicaSet created or deleted in a round; the next round goes on.</summary>
    private const int BurstMax = 50;

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        if (!cache.Pods.HasOwnWrites || !cache.ReplicaSets.HasOwnWrites) return;
        var pods = cache.PodsByController();
        await Reconciler.EachAsync(cache.ReplicaSets.Objects.Values.OrderBy(s => s.Name(), StringComparer.Ordinal),
            set => ReconcileAsync(set, [.. pods[set.Uid()].Where(PodTemplates.IsActive)], cancellationToken), cancellationToken);
    }

    private async Task ReconcileAsync(V1ReplicaSet set, List<V1Pod> active, CancellationToken cancellationToken)
    {
        var missing = (set.Spec.Replicas ?? 1) - active.Count;
        for (var i = 0; i < Math.Min(missing, BurstMax); i++) await CreateAsync(set, cancellationToken);
        foreach (var pod in Superfluous(active).Take(Math.Clamp(-missing, 0, BurstMax))) await DeleteAsync(set, pod, cancellationToken);
        await WriteStatusAsync(set, active, cancellationToken);
    }

    private async Task CreateAsync(V1ReplicaSet set, CancellationToken cancellationToken)
    {
        var pod = await api.CoreV1.CreateNamespacedPodAsync(PodTemplates.Instantiate(set.Spec.Template, set, []), set.Namespace(), cancellationToken: cancellationToken);
        cache.Pods.Wrote(pod);
        await events.RecordAsync(set, Component, "SuccessfulCreate", $"Created pod: {pod.Name()}", cancellationToken: cancellationToken);
    }

    private async Task DeleteAsync(V1ReplicaSet set, V1Pod pod, CancellationToken cancellationToken)
    {
        cache.Pods.Wrote(await api.CoreV1.DeleteNamespacedPodAsync(pod.Name(), pod.Namespace(), cancellationToken: cancellationToken));
        await events.RecordAsync(set, Component, "SuccessfulDelete", $"Deleted pod: {pod.Name()}", cancellationToken: cancellationToken);
    }

    /// <summary>Whom to delete first: without a node, not ready, beside others of its kind on one node, the youngest.</summary>
    private static IEnumerable<V1Pod> Superfluous(List<V1Pod> active) => active
        .OrderBy(p => p.Spec.NodeName is not null).ThenBy(EndpointSliceController.IsReady)
        .ThenByDescending(p => active.Count(o => o.Spec.NodeName == p.Spec.NodeName))
        .ThenByDescending(p => p.Metadata.CreationTimestamp).ThenBy(p => p.Name(), StringComparer.Ordinal);

    private async Task WriteStatusAsync(V1ReplicaSet set, List<V1Pod> active, CancellationToken cancellationToken)
    {
        var ready = active.Count(EndpointSliceController.IsReady);
        var labels = set.Spec.Template?.Metadata?.Labels ?? new Dictionary<string, string>();
        var labelled = active.Count(p => labels.All(l => p.GetLabel(l.Key) == l.Value));
        var (now, generation) = (set.Status, set.Metadata.Generation);
        if (now is not null && (now.Replicas, now.ReadyReplicas ?? 0, now.AvailableReplicas ?? 0, now.FullyLabeledReplicas ?? 0, now.ObservedGeneration) == (active.Count, ready, ready, labelled, generation)) return;
        var status = new { replicas = active.Count, fullyLabeledReplicas = labelled, readyReplicas = ready, availableReplicas = ready, observedGeneration = generation };
        cache.ReplicaSets.Wrote(await api.AppsV1.PatchNamespacedReplicaSetStatusAsync(
            new V1Patch(JsonSerializer.Serialize(new { status }), V1Patch.PatchType.MergePatch), set.Name(), set.Namespace(), cancellationToken: cancellationToken));
    }
}
