using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>
/// Gives Pods a node: among those that fit, one that <see cref="PlacementAnnotation"/> still lacks a Pod on, else the
/// one with the fewest Pods of the same owner, then the fewest Pods.
/// </summary>
internal sealed class Scheduler(IKubernetes api, ClusterCache cache, EventRecorder events, TimeProvider time)
{
    /// <summary>
    /// Annotation of a Pod template: the node of each replica, separated by commas, a node as often as it is to have
    /// one. How the lab places its Pods.
    /// </summary>
    public const string PlacementAnnotation = "sandbox.cilium-debugging/nodes";

    /// <summary>Pods a node takes, as a kubelet's default.</summary>
    public const int MaxPodsPerNode = 110;

    private const string Component = "default-scheduler";

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        if (!cache.Pods.HasOwnWrites)
            return;
        var placed = cache
            .Pods.Objects.Values.Where(p => !string.IsNullOrEmpty(p.Spec.NodeName) && PodTemplates.IsActive(p))
            .Select(p => (Owner: ClusterCache.ControllerOf(p), Node: p.Spec.NodeName))
            .ToList();
        List<Task> writing = [];
        var unplaced = cache.Pods.Objects.Values.Where(p => string.IsNullOrEmpty(p.Spec.NodeName));
        foreach (var next in unplaced.OrderBy(p => p.Name(), StringComparer.Ordinal))
            writing.Add(events.GuardAsync(next, Component, PlaceAsync));
        await Task.WhenAll(writing);

        Task PlaceAsync(V1Pod pod)
        {
            var owner = ClusterCache.ControllerOf(pod);
            var siblings = placed.Where(p => p.Owner == owner).Select(p => p.Node);
            var node = Choose(pod, [.. siblings], [.. placed.Select(p => p.Node)]);
            if (node is not null)
                placed.Add((owner, node));
            return node is null ? ReportAsync(pod, cancellationToken) : BindAsync(pod, node, cancellationToken);
        }
    }

    private async Task BindAsync(V1Pod pod, string node, CancellationToken cancellationToken)
    {
        cache.Pods.Wrote(await api.PatchAsync(pod, new { spec = new { nodeName = node } }, cancellationToken));
        var message = $"Successfully assigned {pod.Namespace()}/{pod.Name()} to {node}";
        events.Record(pod, Component, "Scheduled", message);
    }

    private string? Choose(V1Pod pod, List<string> siblings, List<string> all)
    {
        var fitting = cache
            .Nodes.Objects.Values.Where(n =>
                n.Spec?.Unschedulable is not true
                && NodeFit.Fits(pod.Spec, n)
                && all.Count(a => a == n.Name()) < MaxPodsPerNode
            )
            .Select(n => n.Name())
            .Order(StringComparer.Ordinal)
            .ToList();
        const StringSplitOptions clean = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var wanted = (pod.GetAnnotation(PlacementAnnotation) ?? "").Split(',', clean);
        var lacking = wanted.Where(n => siblings.Count(s => s == n) < wanted.Count(w => w == n));
        return lacking.FirstOrDefault(fitting.Contains)
            ?? fitting.OrderBy(n => siblings.Count(s => s == n)).ThenBy(n => all.Count(a => a == n)).FirstOrDefault();
    }

    /// <summary>Says once why a Pod stays Pending.</summary>
    private async Task ReportAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        if (pod.Status?.Conditions?.Any(c => c is { Type: "PodScheduled", Reason: "Unschedulable" }) is true)
            return;
        var message =
            $"0/{cache.Nodes.Objects.Count} nodes are available: none matches the pod's node selector, affinity and "
            + $"tolerations and has fewer than {MaxPodsPerNode} pods.";
        var conditions = new[]
        {
            new
            {
                type = "PodScheduled",
                status = "False",
                reason = "Unschedulable",
                message,
                lastTransitionTime = time.GetUtcNow().UtcDateTime,
            },
        };
        var (patch, name, ns) = (MergePatches.Of(new { status = new { conditions } }), pod.Name(), pod.Namespace());
        cache.Pods.Wrote(
            await api.CoreV1.PatchNamespacedPodStatusAsync(patch, name, ns, cancellationToken: cancellationToken)
        );
        events.Record(pod, Component, "FailedScheduling", message, isWarning: true);
    }
}
