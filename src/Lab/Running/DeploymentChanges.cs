using System.Globalization;
using System.Text.Json.Nodes;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Running;

/// <summary>Scales Deployments and restarts their Pods, and waits until that is through.</summary>
internal sealed class DeploymentChanges(Kubernetes cluster, TimeProvider time)
{
    /// <summary>What <c>kubectl rollout restart</c> sets: another value is another template.</summary>
    private const string RestartedAt = "kubectl.kubernetes.io/restartedAt";

    /// <summary>How long a Deployment may take to start its new Pods and end its old ones.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly ObjectClient _objects = new(cluster);

    /// <summary>What a step does to its Deployment.</summary>
    /// <param name="Done">In words: <c>Deployment backend-1 was scaled from 3 to 5</c>.</param>
    /// <param name="Patch">Merge patch; empty when the Deployment is like that already.</param>
    /// <param name="Ending">The Pods that it may end, as they are now.</param>
    public sealed record Change(string Done, JsonObject Patch, EndingPods Ending);

    /// <summary>What a step does to its Deployment as it is now.</summary>
    /// <exception cref="InvalidOperationException">There is no such Deployment.</exception>
    /// <exception cref="ArgumentException">The step changes something else.</exception>
    public async Task<Change> PlanAsync(
        ScenarioStep step,
        ObjectReference deployment,
        CancellationToken cancellationToken
    )
    {
        var now = await _objects.ReadAsync(deployment, cancellationToken)
            ?? throw new InvalidOperationException(
                $"there is no {deployment.Title}: give the step the name of one, such as {{deployment: NAME}}"
            );
        var (wanted, name) = (now.DeepClone().AsObject(), deployment.Path.Split('/')[^1]);
        var spec = wanted["spec"]!.AsObject();
        string done;
        switch (step)
        {
            case ScaleStep scale:
                done = $"Deployment {name} was scaled from {spec["replicas"] ?? 1} to {scale.Replicas}";
                spec["replicas"] = scale.Replicas;
                break;
            case RolloutStep rollout:
                done = $"Deployment {name} was restarted";
                Restart(spec["template"]!.AsObject(), rollout);
                break;
            default:
                throw new ArgumentException($"{step} changes no Deployment", nameof(step));
        }
        return new Change(done, MergePatch.Between(now, wanted), Ending(now["spec"]!.AsObject(), step));
    }

    private void Restart(JsonObject template, RolloutStep rollout)
    {
        var at = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        ObjectIn(ObjectIn(template, "metadata"), "annotations")[RestartedAt] = at;
        var pod = template["spec"]!.AsObject();
        if (rollout.GraceSeconds is { } grace)
            pod["terminationGracePeriodSeconds"] = grace;
        if (rollout.PreStopSeconds is not { } seconds)
            return;
        var container = pod["containers"]![0]!.AsObject();
        if (seconds > 0)
            ObjectIn(container, "lifecycle")["preStop"] = new JsonObject
            {
                ["sleep"] = new JsonObject { ["seconds"] = seconds },
            };
        else
            (container["lifecycle"] as JsonObject)?.Remove("preStop");
    }

    /// <summary>How the Pods of a Deployment end: those of its template now, which the change may replace.</summary>
    private static EndingPods Ending(JsonObject spec, ScenarioStep step)
    {
        var now = KubernetesJson.Deserialize<V1DeploymentSpec>(spec.ToJsonString());
        var hook = now.Template.Spec.Containers[0].Lifecycle?.PreStop;
        var sleep = hook?.Sleep?.Seconds ?? 0;
        var answers = Math.Min(sleep, now.Template.Spec.TerminationGracePeriodSeconds ?? 30);
        var replicas = now.Replicas ?? 1;
        var surge = $"{now.Strategy?.RollingUpdate?.MaxSurge?.Value ?? "25%"}";
        return new EndingPods(
            answers,
            step is not RolloutStep ? 0
                : surge.EndsWith('%')
                    ? (int)Math.Ceiling(replicas * double.Parse(surge[..^1], CultureInfo.InvariantCulture) / 100)
                : int.Parse(surge, CultureInfo.InvariantCulture)
        );
    }

    private static JsonObject ObjectIn(JsonObject parent, string name)
    {
        if (parent[name] is JsonObject existing)
            return existing;
        var made = new JsonObject();
        parent[name] = made;
        return made;
    }

    /// <summary>Changes a Deployment.</summary>
    public Task ApplyAsync(ObjectReference deployment, Change change, CancellationToken cancellationToken) =>
        change.Patch.Count == 0 ? Task.CompletedTask : _objects.PatchAsync(deployment, change.Patch, cancellationToken);

    /// <summary>Waits until all of a Deployment's Pods are of its template and ready, and all others have ended.</summary>
    /// <param name="deployment">The Deployment.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <param name="look">Runs at each look.</param>
    /// <exception cref="TimeoutException">It takes over three minutes.</exception>
    public async Task WaitUntilThroughAsync(
        ObjectReference deployment,
        CancellationToken cancellationToken,
        Action? look = null
    )
    {
        for (var start = time.GetTimestamp(); !await IsThroughAsync(deployment, cancellationToken); )
        {
            if (time.GetElapsedTime(start) > s_limit)
                throw new TimeoutException(
                    $"after {s_limit.TotalMinutes:0} min the pods of {deployment.Title} are not all ready, or old ones "
                        + $"have not ended: kubectl describe {deployment.KubectlArguments}"
                );
            look?.Invoke();
            await Task.Delay(s_interval, time, cancellationToken);
        }
    }

    /// <summary>
    /// Waits until the Pods of a Deployment that was put back are as it says. One that takes longer is put back all the
    /// same, and its Pods follow.
    /// </summary>
    public async Task FollowRestoredAsync(ObjectReference deployment, CancellationToken cancellationToken)
    {
        try
        {
            await WaitUntilThroughAsync(deployment, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException)
        {
            // The object is as it was.
        }
    }

    private async Task<bool> IsThroughAsync(ObjectReference reference, CancellationToken cancellationToken)
    {
        if (await _objects.ReadAsync(reference, cancellationToken) is not { } read)
            return true; // deleted meanwhile: there is nothing to wait for
        var deployment = KubernetesJson.Deserialize<V1Deployment>(read.ToJsonString());
        var (status, wanted) = (deployment.Status, deployment.Spec.Replicas ?? 1);
        if (
            status is null
            || (status.ObservedGeneration ?? 0) < (deployment.Metadata.Generation ?? 0)
            || (status.UpdatedReplicas ?? 0) != wanted
            || (status.Replicas ?? 0) != wanted
            || (status.AvailableReplicas ?? 0) < wanted
        )
            return false;
        var labels = deployment.Spec.Selector.MatchLabels ?? new Dictionary<string, string>();
        if (labels.Count == 0)
            return true; // an empty selector would list the Pods of others
        var pods = await cluster.CoreV1.ListNamespacedPodAsync(
            deployment.Namespace(),
            labelSelector: string.Join(',', labels.Select(l => $"{l.Key}={l.Value}")),
            cancellationToken: cancellationToken
        );
        return pods.Items.All(pod => pod.Metadata.DeletionTimestamp is null);
    }
}
