using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>Keeps as many Pods of each ReplicaSet as it requests.</summary>
internal sealed class ReplicaSetController(IKubernetes api, ClusterCache cache, EventRecorder events)
{
    private const string Component = "replicaset-controller";

    private readonly PodControl _pods = new(api, cache, events, Component);

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        if (!cache.Pods.HasOwnWrites || !cache.ReplicaSets.HasOwnWrites)
            return;
        var pods = cache.PodsByController();
        await Reconciler.EachAsync(
            cache.ReplicaSets.Objects.Values.OrderBy(s => s.Name(), StringComparer.Ordinal),
            async set =>
            {
                if (!await _pods.ClaimAsync(set, set.Spec.Selector, pods, cancellationToken))
                    await ReconcileAsync(set, [.. pods[set.Uid()].Where(PodTemplates.IsActive)], cancellationToken);
            },
            events,
            Component,
            cancellationToken
        );
    }

    private async Task ReconcileAsync(V1ReplicaSet set, List<V1Pod> active, CancellationToken cancellationToken)
    {
        var missing = (set.Spec.Replicas ?? 1) - active.Count;
        var created = Enumerable
            .Range(0, Math.Clamp(missing, 0, PodControl.MaxBurst))
            .Select(_ => PodTemplates.Instantiate(set.Spec.Template, set, []));
        await Task.WhenAll(created.Select(pod => _pods.CreateAsync(set, pod, cancellationToken)));
        var deleted = Superfluous(active).Take(Math.Clamp(-missing, 0, PodControl.MaxBurst));
        await Task.WhenAll(deleted.Select(pod => _pods.DeleteAsync(set, pod, cancellationToken)));
        await WriteStatusAsync(set, active, cancellationToken);
    }

    /// <summary>
    /// Which to delete first: without a node, not ready, beside others of its kind on one node, the youngest.
    /// </summary>
    private static IEnumerable<V1Pod> Superfluous(List<V1Pod> active) =>
        active
            .OrderBy(p => p.Spec.NodeName is not null)
            .ThenBy(PodReadiness.IsReady)
            .ThenByDescending(p => active.Count(o => o.Spec.NodeName == p.Spec.NodeName))
            .ThenByDescending(p => p.Metadata.CreationTimestamp)
            .ThenBy(p => p.Name(), StringComparer.Ordinal);

    private async Task WriteStatusAsync(V1ReplicaSet set, List<V1Pod> active, CancellationToken cancellationToken)
    {
        var ready = active.Count(PodReadiness.IsReady);
        var labels = set.Spec.Template?.Metadata?.Labels ?? new Dictionary<string, string>();
        var labelled = active.Count(p => labels.All(l => p.GetLabel(l.Key) == l.Value));
        var (now, generation) = (set.Status, set.Metadata.Generation);
        if (
            now is not null
            && (
                now.Replicas,
                now.ReadyReplicas ?? 0,
                now.AvailableReplicas ?? 0,
                now.FullyLabeledReplicas ?? 0,
                now.ObservedGeneration
            ) == (active.Count, ready, ready, labelled, generation)
        )
            return;
        var status = new
        {
            replicas = active.Count,
            fullyLabeledReplicas = labelled,
            readyReplicas = ready,
            availableReplicas = ready,
            observedGeneration = generation,
        };
        var (patch, name, ns) = (MergePatches.Of(new { status }), set.Name(), set.Namespace());
        cache.ReplicaSets.Wrote(
            await api.AppsV1.PatchNamespacedReplicaSetStatusAsync(patch, name, ns, cancellationToken: cancellationToken)
        );
    }
}
