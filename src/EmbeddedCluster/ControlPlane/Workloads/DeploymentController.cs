using System.Globalization;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>
/// Rolls Deployments out: (1) one ReplicaSet for each template, named after its hash; (2) the new one grows and the old
/// ones shrink within maxSurge and maxUnavailable (<see cref="RolloutPlan"/>); (3) the status says how far it is; (4)
/// old ones beyond the history limit are deleted.
/// </summary>
internal sealed class DeploymentController(IKubernetes api, ClusterCache cache, EventRecorder events, TimeProvider time)
{
    /// <summary>Label of ReplicaSets and Pods with the hash of their template.</summary>
    public const string HashLabel = "pod-template-hash";

    private const string Component = "deployment-controller";
    private const string RevisionAnnotation = "deployment.kubernetes.io/revision";

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        if (!cache.ReplicaSets.HasOwnWrites || !cache.Deployments.HasOwnWrites)
            return;
        var sets = cache.ReplicaSets.Objects.Values.ToLookup(s => ClusterCache.ControllerOf(s) ?? "");
        await Reconciler.EachAsync(
            cache.Deployments.Objects.Values.OrderBy(d => d.Name(), StringComparer.Ordinal),
            async deployment =>
            {
                if (!await ClaimAsync(deployment, sets, cancellationToken))
                    await ReconcileAsync(deployment, [.. sets[deployment.Uid()].OrderBy(Revision)], cancellationToken);
            },
            events,
            Component,
            cancellationToken
        );
    }

    /// <summary>
    /// Releases ReplicaSets that the selector no longer selects, and adopts those without a controller that it selects,
    /// such as those that a deletion has left behind.
    /// </summary>
    private async Task<bool> ClaimAsync(
        V1Deployment deployment,
        ILookup<string, V1ReplicaSet> byController,
        CancellationToken stop
    )
    {
        var own = byController[deployment.Uid()];
        var (released, adopted) = PodSelection.Claims(deployment, deployment.Spec.Selector, own, byController[""]);
        foreach (var set in released)
            cache.ReplicaSets.Wrote(await api.PatchAsync(set, PodSelection.HandOver(set, null), stop));
        foreach (var set in adopted)
            cache.ReplicaSets.Wrote(await api.PatchAsync(set, PodSelection.HandOver(set, deployment), stop));
        return released.Count + adopted.Count > 0;
    }

    private async Task ReconcileAsync(V1Deployment deployment, List<V1ReplicaSet> sets, CancellationToken stop)
    {
        // 1. the ReplicaSet of this template
        var hash = PodTemplates.Hash(deployment.Spec.Template);
        var current = sets.Find(s => s.GetLabel(HashLabel) == hash);
        if (deployment.Spec.Paused is not true)
        {
            var last = Revision(sets.LastOrDefault());
            if (current is null)
            {
                current = await CreateAsync(deployment, hash, last + 1, stop);
                sets.Add(current);
            }
            else if (Revision(current) < last)
                await SetRevisionAsync(current, last + 1, stop); // rolled back to
        }
        // 2. how large each of them is to be
        foreach (var (set, replicas) in RolloutPlan.Of(deployment.Spec, current, sets).ToList())
            await ScaleAsync(deployment, set, replicas, stop);
        // 3. how far it is
        await WriteStatusAsync(deployment, current, sets, stop);
        // 4. history
        var old = sets.Where(s => s != current && s.Spec.Replicas == 0 && (s.Status?.Replicas ?? 0) == 0).ToList();
        foreach (var set in old.SkipLast(deployment.Spec.RevisionHistoryLimit ?? 10))
            await api.AppsV1.DeleteNamespacedReplicaSetAsync(set.Name(), set.Namespace(), cancellationToken: stop);
    }

    private static long Revision(V1ReplicaSet? set) =>
        long.TryParse(set?.GetAnnotation(RevisionAnnotation), NumberStyles.None, null, out var revision) ? revision : 0;

    private async Task<V1ReplicaSet> CreateAsync(
        V1Deployment deployment,
        string hash,
        long revision,
        CancellationToken cancellationToken
    )
    {
        // The first replaces no Pods and gets all of them at once; others grow as RolloutPlan says.
        var replicas = revision == 1 ? deployment.Spec.Replicas ?? 1 : 0;
        var (template, labels) = (deployment.Spec.Template, deployment.Spec.Selector.MatchLabels);
        var pod = PodTemplates.Instantiate(template, deployment, [KeyValuePair.Create(HashLabel, hash)]);
        var podMetadata = new V1ObjectMeta { Labels = pod.Metadata.Labels, Annotations = pod.Metadata.Annotations };
        var selected = new Dictionary<string, string>(labels ?? new Dictionary<string, string>())
        {
            [HashLabel] = hash,
        };
        var set = new V1ReplicaSet
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"{deployment.Name()}-{hash}",
                Labels = pod.Metadata.Labels,
                Annotations = new Dictionary<string, string>(SizesOf(deployment).Concat(RevisionOf(revision))),
                OwnerReferences = [PodTemplates.Owner(deployment)],
            },
            Spec = new V1ReplicaSetSpec
            {
                Replicas = replicas,
                MinReadySeconds = deployment.Spec.MinReadySeconds,
                Selector = new V1LabelSelector
                {
                    MatchExpressions = deployment.Spec.Selector.MatchExpressions,
                    MatchLabels = selected,
                },
                Template = new V1PodTemplateSpec { Metadata = podMetadata, Spec = pod.Spec },
            },
        };
        var ns = deployment.Namespace();
        var created = await api.AppsV1.CreateNamespacedReplicaSetAsync(set, ns, cancellationToken: cancellationToken);
        cache.ReplicaSets.Wrote(created);
        if (replicas > 0)
            Scaled(deployment, created, 0);
        await SetRevisionOfAsync(deployment, revision, cancellationToken);
        return created;
    }

    private async Task SetRevisionAsync(V1ReplicaSet set, long revision, CancellationToken cancellationToken)
    {
        var metadata = new { annotations = RevisionOf(revision) };
        cache.ReplicaSets.Wrote(await api.PatchAsync(set, new { metadata }, cancellationToken));
        if (cache.Deployments.Objects.GetValueOrDefault(ClusterCache.ControllerOf(set) ?? "") is { } owner)
            await SetRevisionOfAsync(owner, revision, cancellationToken);
    }

    private async Task SetRevisionOfAsync(V1Deployment deployment, long revision, CancellationToken stop)
    {
        var patch = MergePatches.Of(new { metadata = new { annotations = RevisionOf(revision) } });
        var (name, ns) = (deployment.Name(), deployment.Namespace());
        cache.Deployments.Wrote(
            await api.AppsV1.PatchNamespacedDeploymentAsync(patch, name, ns, cancellationToken: stop)
        );
    }

    private static Dictionary<string, string> RevisionOf(long revision) =>
        new() { [RevisionAnnotation] = $"{revision}" };

    /// <summary>What a ReplicaSet says about the size that its Deployment was to have.</summary>
    private static Dictionary<string, string> SizesOf(V1Deployment deployment)
    {
        var desired = deployment.Spec.Replicas ?? 1;
        return new()
        {
            ["deployment.kubernetes.io/desired-replicas"] = $"{desired}",
            ["deployment.kubernetes.io/max-replicas"] = $"{desired + RolloutPlan.MaxSurge(deployment.Spec)}",
        };
    }

    private async Task ScaleAsync(V1Deployment deployment, V1ReplicaSet set, int replicas, CancellationToken stop)
    {
        var before = set.Spec.Replicas ?? 0;
        if (before == replicas)
            return;
        var changes = new { metadata = new { annotations = SizesOf(deployment) }, spec = new { replicas } };
        var scaled = await api.PatchAsync(set, changes, stop);
        cache.ReplicaSets.Wrote(scaled);
        Scaled(deployment, scaled, before);
    }

    private void Scaled(V1Deployment deployment, V1ReplicaSet set, int before)
    {
        var direction = set.Spec.Replicas > before ? "up" : "down";
        var message = $"Scaled {direction} replica set {set.Name()} to {set.Spec.Replicas} from {before}";
        events.Record(deployment, Component, "ScalingReplicaSet", message);
    }

    private async Task WriteStatusAsync(
        V1Deployment deployment,
        V1ReplicaSet? current,
        List<V1ReplicaSet> sets,
        CancellationToken cancellationToken
    )
    {
        var spec = deployment.Spec;
        var desired = spec.Replicas ?? 1;
        var replicas = sets.Sum(s => s.Status?.Replicas ?? 0);
        var ready = sets.Sum(s => s.Status?.ReadyReplicas ?? 0);
        var updated = current?.Status?.Replicas ?? 0;
        var complete = updated == desired && replicas == desired && ready >= desired;
        var available = ready >= desired - RolloutPlan.MaxUnavailable(spec);
        var now = deployment.Status;
        var progressing = now?.Conditions?.FirstOrDefault(c => c.Type == "Progressing");
        var same =
            now is not null
            && (now.Replicas ?? 0, now.ReadyReplicas ?? 0, now.UpdatedReplicas ?? 0, now.ObservedGeneration)
                == (replicas, ready, updated, deployment.Metadata.Generation);
        var overdue =
            !complete
            && same
            && progressing?.LastUpdateTime is { } moved
            && time.GetUtcNow().UtcDateTime - moved > TimeSpan.FromSeconds(spec.ProgressDeadlineSeconds ?? 600);
        var (reason, progress) = (complete, overdue) switch
        {
            (true, _) => ("NewReplicaSetAvailable", "has successfully progressed"),
            (_, true) => ("ProgressDeadlineExceeded", "has timed out progressing"),
            _ => ("ReplicaSetUpdated", "is progressing"),
        };
        if (same && progressing?.Reason == reason)
            return;
        var status = new V1DeploymentStatus
        {
            Replicas = replicas,
            ReadyReplicas = ready,
            AvailableReplicas = ready,
            UpdatedReplicas = updated,
            UnavailableReplicas = Math.Max(0, Math.Max(desired, replicas) - ready),
            ObservedGeneration = deployment.Metadata.Generation,
            Conditions =
            [
                available
                    ? Condition("Available", true, "MinimumReplicasAvailable", "Deployment has minimum availability.")
                    : Condition(
                        "Available",
                        false,
                        "MinimumReplicasUnavailable",
                        "Deployment does not have minimum availability."
                    ),
                Condition("Progressing", !overdue, reason, $"ReplicaSet \"{current?.Name()}\" {progress}."),
            ],
        };
        var (patch, name, ns) = (MergePatches.OfStatus(status), deployment.Name(), deployment.Namespace());
        cache.Deployments.Wrote(
            await api.AppsV1.PatchNamespacedDeploymentStatusAsync(patch, name, ns, cancellationToken: cancellationToken)
        );
        V1DeploymentCondition Condition(string type, bool holds, string why, string message)
        {
            var before = now?.Conditions?.FirstOrDefault(c => c.Type == type);
            var (at, answer) = (time.GetUtcNow().UtcDateTime, holds ? "True" : "False");
            return new V1DeploymentCondition
            {
                Type = type,
                Status = answer,
                Reason = why,
                Message = message,
                LastUpdateTime = at,
                LastTransitionTime = before?.Status == answer ? before.LastTransitionTime ?? at : at,
            };
        }
    }
}
