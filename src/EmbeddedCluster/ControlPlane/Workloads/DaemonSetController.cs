using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>
/// Keeps one Pod of each DaemonSet on every node that it fits. After a change of the template Pods are replaced one at
/// a time (updateStrategy OnDelete: when they are deleted).
/// </summary>
internal sealed class DaemonSetController(IKubernetes api, ClusterCache cache, EventRecorder events)
{
    private const string HashLabel = "controller-revision-hash";

    private const string Component = "daemonset-controller";

    private readonly PodControl _pods = new(api, cache, events, Component);

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        if (!cache.Pods.HasOwnWrites || !cache.DaemonSets.HasOwnWrites)
            return;
        var pods = cache.PodsByController();
        await Reconciler.EachAsync(
            cache.DaemonSets.Objects.Values.OrderBy(s => s.Name(), StringComparer.Ordinal),
            async set =>
            {
                if (!await _pods.ClaimAsync(set, set.Spec.Selector, pods, cancellationToken))
                    await ReconcileAsync(set, [.. pods[set.Uid()].Where(p => !p.IsBeingDeleted())], cancellationToken);
            },
            events,
            Component,
            cancellationToken
        );
    }

    private async Task ReconcileAsync(V1DaemonSet set, List<V1Pod> pods, CancellationToken cancellationToken)
    {
        var hash = PodTemplates.Hash(set.Spec.Template);
        var nodes = cache
            .Nodes.Objects.Values.Where(n => NodeFit.Fits(set.Spec.Template.Spec, n))
            .Select(n => n.Name())
            .Order(StringComparer.Ordinal)
            .ToList();
        var missing = nodes.Where(n => pods.All(p => p.Spec.NodeName != n));
        await Task.WhenAll(missing.Select(node => CreateAsync(set, node, hash, cancellationToken)));
        var useless = pods.Where(p => !nodes.Contains(p.Spec.NodeName) || p.Status?.Phase is "Failed" or "Succeeded");
        await Task.WhenAll(useless.Select(pod => _pods.DeleteAsync(set, pod, cancellationToken)));

        var updated = pods.Where(p => p.GetLabel(HashLabel) == hash).ToList();
        var outdated = pods.Except(updated)
            .OrderBy(PodReadiness.IsReady)
            .ThenBy(p => p.Name(), StringComparer.Ordinal)
            .FirstOrDefault();
        var mayReplace = pods.Count == nodes.Count && updated.All(PodReadiness.IsReady);
        if (outdated is not null && mayReplace && set.Spec.UpdateStrategy?.Type != "OnDelete")
            await _pods.DeleteAsync(set, outdated, cancellationToken);
        await WriteStatusAsync(set, nodes.Count, pods, updated.Count, cancellationToken);
    }

    private Task CreateAsync(V1DaemonSet set, string node, string hash, CancellationToken cancellationToken)
    {
        var pod = PodTemplates.Instantiate(set.Spec.Template, set, [KeyValuePair.Create(HashLabel, hash)]);
        pod.Spec.NodeName = node;
        return _pods.CreateAsync(set, pod, cancellationToken);
    }

    private async Task WriteStatusAsync(
        V1DaemonSet set,
        int desired,
        List<V1Pod> pods,
        int updated,
        CancellationToken cancellationToken
    )
    {
        var ready = pods.Count(PodReadiness.IsReady);
        var now = set.Status;
        var generation = set.Metadata.Generation;
        if (
            now is not null
            && (
                now.DesiredNumberScheduled,
                now.CurrentNumberScheduled,
                now.NumberReady,
                now.UpdatedNumberScheduled ?? 0,
                now.ObservedGeneration
            ) == (desired, pods.Count, ready, updated, generation)
        )
            return;
        var status = new
        {
            desiredNumberScheduled = desired,
            currentNumberScheduled = pods.Count,
            numberReady = ready,
            numberAvailable = ready,
            numberUnavailable = Math.Max(0, desired - ready),
            updatedNumberScheduled = updated,
            numberMisscheduled = 0,
            observedGeneration = generation,
        };
        var (patch, name, ns) = (MergePatches.Of(new { status }), set.Name(), set.Namespace());
        cache.DaemonSets.Wrote(
            await api.AppsV1.PatchNamespacedDaemonSetStatusAsync(patch, name, ns, cancellationToken: cancellationToken)
        );
    }
}
