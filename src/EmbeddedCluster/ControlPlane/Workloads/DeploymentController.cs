using System.Globalization;
using System.Text.Json;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>
/// Rolls Deployments out: (1) one ReplicaSet for each template, named after its hash; (2) the new one grows and the old ones shrink within maxSurge and maxUnavailable
/// (<see cref="RolloutPlan"/>); (3) the status says how far it is; (4) old ones beyond the history limit go.
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
        var sets = cache.ReplicaSets.Objects.Values.ToLookup(
            s => ClusterCache.ControllerOf(s) ?? "",
            StringComparer.Ordinal
        );
        await Reconciler.EachAsync(
            cache.Deployments.Objects.Values.OrderBy(d => d.Name(), StringComparer.Ordinal),
            deployment => ReconcileAsync(deployment, [.. sets[deployment.Uid()].OrderBy(Revision)], cancellationToken),
            cancellationToken
        );
    }

    private async Task ReconcileAsync(
        V1Deployment deployment,
        List<V1ReplicaSet> sets,
        CancellationToken cancellationToken
    )
    {
        // 1. the ReplicaSet of this template
        var hash = PodTemplates.Hash(deployment.Spec.Template);
        var current = sets.Find(s => s.GetLabel(HashLabel) == hash);
        if (deployment.Spec.Paused is not true)
        {
            if (current is null)
                sets.Add(
                    current = await CreateAsync(deployment, hash, Revision(sets.LastOrDefault()) + 1, cancellationToken)
                );
            else if (Revision(current) < Revision(sets[^1]))
                await SetRevisionAsync(current, Revision(sets[^1]) + 1, cancellationToken); // rolled back to
        }
        // 2. how large each of them is to be
        foreach (var (set, replicas) in RolloutPlan.Of(deployment.Spec, current, sets).ToList())
            await ScaleAsync(deployment, set, replicas, cancellationToken);
        // 3. how far it is
        await WriteStatusAsync(deployment, current, sets, cancellationToken);
        // 4. history
        var old = sets.Where(s => s != current && s.Spec.Replicas == 0 && (s.Status?.Replicas ?? 0) == 0).ToList();
        foreach (var surplus in old.Take(Math.Max(0, old.Count - (deployment.Spec.RevisionHistoryLimit ?? 10))))
            await api.AppsV1.DeleteNamespacedReplicaSetAsync(
                surplus.Name(),
                surplus.Namespace(),
                cancellationToken: cancellationToken
            );
    }

    private static long Revision(V1ReplicaSet? set) =>
        long.TryParse(
            set?.GetAnnotation(RevisionAnnotation),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var revision
        )
            ? revision
            : 0;

    private async Task<V1ReplicaSet> CreateAsync(
        V1Deployment deployment,
        string hash,
        long revision,
        CancellationToken cancellationToken
    )
    {
        // The first has nobody to wait for; others grow as RolloutPlan says.
        var replicas = revision == 1 ? deployment.Spec.Replicas ?? 1 : 0;
        var pod = PodTemplates.Instantiate(
            deployment.Spec.Template,
            deployment,
            [KeyValuePair.Create(HashLabel, hash)]
        );
        var created = await api.AppsV1.CreateNamespacedReplicaSetAsync(
            new V1ReplicaSet
            {
                Metadata = new V1ObjectMeta
                {
                    Name = $"{deployment.Name()}-{hash}",
                    NamespaceProperty = deployment.Namespace(),
                    Labels = pod.Metadata.Labels,
                    Annotations = new Dictionary<string, string>
                    {
                        [RevisionAnnotation] = revision.ToString(CultureInfo.InvariantCulture),
                    },
                    OwnerReferences = [PodTemplates.Owner(deployment)],
                },
                Spec = new V1ReplicaSetSpec
                {
                    Replicas = replicas,
                    MinReadySeconds = deployment.Spec.MinReadySeconds,
                    Selector = new V1LabelSelector
                    {
                        MatchExpressions = deployment.Spec.Selector.MatchExpressions,
                        MatchLabels = new Dictionary<string, string>(
                            deployment.Spec.Selector.MatchLabels ?? new Dictionary<string, string>(),
                            StringComparer.Ordinal
                        )
                        {
                            [HashLabel] = hash,
                        },
                    },
                    Template = new V1PodTemplateSpec
                    {
                        Metadata = new V1ObjectMeta
                        {
                            Labels = pod.Metadata.Labels,
                            Annotations = pod.Metadata.Annotations,
                        },
                        Spec = pod.Spec,
                    },
                },
            },
            deployment.Namespace(),
            cancellationToken: cancellationToken
        );
        cache.ReplicaSets.Wrote(created);
        if (replicas > 0)
            Scaled(deployment, created, 0);
        await SetRevisionOfAsync(deployment, revision, cancellationToken);
        return created;
    }

    private async Task SetRevisionAsync(V1ReplicaSet set, long revision, CancellationToken cancellationToken)
    {
        cache.ReplicaSets.Wrote(
            await api.AppsV1.PatchNamespacedReplicaSetAsync(
                Revised(revision),
                set.Name(),
                set.Namespace(),
                cancellationToken: cancellationToken
            )
        );
        if (cache.Deployments.Objects.GetValueOrDefault(ClusterCache.ControllerOf(set) ?? "") is { } owner)
            await SetRevisionOfAsync(owner, revision, cancellationToken);
    }

    private async Task SetRevisionOfAsync(
        V1Deployment deployment,
        long revision,
        CancellationToken cancellationToken
    ) =>
        cache.Deployments.Wrote(
            await api.AppsV1.PatchNamespacedDeploymentAsync(
                Revised(revision),
                deployment.Name(),
                deployment.Namespace(),
                cancellationToken: cancellationToken
            )
        );

    private static V1Patch Revised(long revision) =>
        new(
            JsonSerializer.Serialize(
                new
                {
                    metadata = new
                    {
                        annotations = new Dictionary<string, string>
                        {
                            [RevisionAnnotation] = revision.ToString(CultureInfo.InvariantCulture),
                        },
                    },
                }
            ),
            V1Patch.PatchType.MergePatch
        );

    private async Task ScaleAsync(
        V1Deployment deployment,
        V1ReplicaSet set,
        int replicas,
        CancellationToken cancellationToken
    )
    {
        var before = set.Spec.Replicas ?? 0;
        if (before == replicas)
            return;
        var patch = new V1Patch(
            JsonSerializer.Serialize(new { spec = new { replicas } }),
            V1Patch.PatchType.MergePatch
        );
        var scaled = await api.AppsV1.PatchNamespacedReplicaSetAsync(
            patch,
            set.Name(),
            set.Namespace(),
            cancellationToken: cancellationToken
        );
        cache.ReplicaSets.Wrote(scaled);
        Scaled(deployment, scaled, before);
    }

    private void Scaled(V1Deployment deployment, V1ReplicaSet set, int before)
    {
        var direction = set.Spec.Replicas > before ? "up" : "down";
        events.Record(
            deployment,
            Component,
            "ScalingReplicaSet",
            $"Scaled {direction} replica set {set.Name()} to {set.Spec.Replicas} from {before}"
        );
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
        var (replicas, ready, updated) = (
            sets.Sum(s => s.Status?.Replicas ?? 0),
            sets.Sum(s => s.Status?.ReadyReplicas ?? 0),
            current?.Status?.Replicas ?? 0
        );
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
        var reason =
            complete ? "NewReplicaSetAvailable"
            : overdue ? "ProgressDeadlineExceeded"
            : "ReplicaSetUpdated";
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
                Condition(
                    "Available",
                    available,
                    available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                    available
                        ? "Deployment has minimum availability."
                        : "Deployment does not have minimum availability."
                ),
                Condition(
                    "Progressing",
                    !overdue,
                    reason,
                    $"ReplicaSet \"{current?.Name()}\" {(complete ? "has successfully progressed." : overdue ? "has timed out progressing." : "is progressing.")}"
                ),
            ],
        };
        cache.Deployments.Wrote(
            await api.AppsV1.PatchNamespacedDeploymentStatusAsync(
                new V1Patch($$"""{"status":{{KubernetesJson.Serialize(status)}}}""", V1Patch.PatchType.MergePatch),
                deployment.Name(),
                deployment.Namespace(),
                cancellationToken: cancellationToken
            )
        );

        V1DeploymentCondition Condition(string type, bool holds, string why, string message)
        {
            var before = now?.Conditions?.FirstOrDefault(c => c.Type == type);
            var at = time.GetUtcNow().UtcDateTime;
            return new V1DeploymentCondition
            {
                Type = type,
                Status = holds ? "True" : "False",
                Reason = why,
                Message = message,
                LastUpdateTime = at,
                LastTransitionTime =
                    before?.Status == (holds ? "True" : "False") ? before.LastTransitionTime ?? at : at,
            };
        }
    }
}
