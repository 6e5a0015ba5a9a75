using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>
/// Runs Jobs to completion, indexed ones too: each index gets a Pod that knows it from JOB_COMPLETION_INDEX. A Pod that
/// failed is replaced until there are more failures than backoffLimit.
/// </summary>
internal sealed class JobController(IKubernetes api, ClusterCache cache, EventRecorder events, TimeProvider time)
{
    public const string IndexKey = "batch.kubernetes.io/job-completion-index";

    private const string Component = "job-controller";
    private const string ExceededReason = "BackoffLimitExceeded";

    private readonly PodControl _pods = new(api, cache, events, Component);

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        if (!cache.Pods.HasOwnWrites || !cache.Jobs.HasOwnWrites)
            return;
        var pods = cache.PodsByController();
        await Reconciler.EachAsync(
            cache.Jobs.Objects.Values.Where(j => !IsFinished(j)).OrderBy(j => j.Name(), StringComparer.Ordinal),
            job => ReconcileAsync(job, [.. pods[job.Uid()]], cancellationToken),
            events,
            Component,
            cancellationToken
        );
    }

    private static bool IsFinished(V1Job job) =>
        job.Status?.Conditions?.Any(c => c is { Type: "Complete" or "Failed", Status: "True" }) is true;

    private async Task ReconcileAsync(V1Job job, List<V1Pod> pods, CancellationToken cancellationToken)
    {
        var spec = job.Spec;
        var indexed = spec.CompletionMode == "Indexed";
        var active = pods.Where(PodTemplates.IsActive).ToList();
        var succeeded = pods.Where(p => p.Status?.Phase == "Succeeded").ToList();
        var done = indexed
            ? succeeded.Select(IndexOf).Where(i => i >= 0 && i < spec.Completions).Distinct().Order().ToList()
            : [];
        var completed = indexed ? done.Count : succeeded.Count;
        var failures = pods.Count(p => p.Status?.Phase == "Failed");
        var complete = completed >= (spec.Completions ?? 1);
        var failed = !complete && failures > (spec.BackoffLimit ?? 6);
        var suspended = spec.Suspend is true;

        var wanted =
            complete || failed || suspended ? 0 : Math.Min(spec.Parallelism ?? 1, (spec.Completions ?? 1) - completed);
        await Task.WhenAll(active.Skip(wanted).Select(surplus => _pods.DeleteAsync(job, surplus, cancellationToken)));
        var free = indexed
            ? Enumerable.Range(0, spec.Completions ?? 1).Except(done).Except(active.Select(IndexOf))
            : Enumerable.Repeat(-1, wanted);
        await Task.WhenAll(
            free.Take(Math.Clamp(wanted - active.Count, 0, PodControl.MaxBurst))
                .Select(index => CreateAsync(job, index, cancellationToken))
        );
        var condition = (complete, failed, suspended) switch
        {
            (true, _, _) => "Complete",
            (_, true, _) => "Failed",
            (_, _, true) => "Suspended",
            _ => null,
        };
        var counts = (active.Count, completed, failures, active.Count(PodReadiness.IsReady));
        await WriteStatusAsync(job, counts, Ranges(done), condition, cancellationToken);
    }

    private static int IndexOf(V1Pod pod) =>
        int.TryParse(pod.GetAnnotation(IndexKey), NumberStyles.None, null, out var index) ? index : -1;

    private Task CreateAsync(V1Job job, int index, CancellationToken cancellationToken)
    {
        if (index < 0)
            return _pods.CreateAsync(job, PodTemplates.Instantiate(job.Spec.Template, job, []), cancellationToken);
        var (number, name) = ($"{index}", $"{job.Name()}-{index}");
        var label = KeyValuePair.Create(IndexKey, number);
        var pod = PodTemplates.Instantiate(job.Spec.Template, job, [label], $"{name}-");
        (pod.Metadata.Annotations ??= new Dictionary<string, string>())[IndexKey] = number;
        pod.Spec.Hostname = name;
        foreach (var container in pod.Spec.Containers)
            (container.Env ??= []).Add(new V1EnvVar { Name = "JOB_COMPLETION_INDEX", Value = number });
        return _pods.CreateAsync(job, pod, cancellationToken);
    }

    private async Task WriteStatusAsync(
        V1Job job,
        (int Active, int Succeeded, int Failed, int Ready) count,
        string ranges,
        string? condition,
        CancellationToken cancellationToken
    )
    {
        var indexed = job.Spec.CompletionMode == "Indexed";
        var now = job.Status;
        var finished = condition is "Complete" or "Failed";
        if (finished)
            count = (0, count.Succeeded, count.Failed, 0);
        var isKnown = condition is null
            ? now?.StartTime is not null
            : now?.Conditions?.Any(c => c.Type == condition && c.Status == "True") is true;
        if (
            isKnown
            && (now!.Active ?? 0, now.Succeeded ?? 0, now.Failed ?? 0, now.Ready ?? 0) == count
            && (now.CompletedIndexes ?? "") == ranges
        )
            return;
        var at = time.GetUtcNow().UtcDateTime;
        var status = new V1JobStatus
        {
            Active = count.Active,
            Succeeded = count.Succeeded,
            Failed = count.Failed,
            Ready = count.Ready,
            CompletedIndexes = indexed ? ranges : null,
            StartTime = now?.StartTime ?? at,
            CompletionTime = condition == "Complete" ? at : null,
            Conditions = condition is null
                ? now?.Conditions is null
                    ? null
                    : []
                :
                [
                    new V1JobCondition
                    {
                        Type = condition,
                        Status = "True",
                        Reason = condition == "Failed" ? ExceededReason : null,
                        LastTransitionTime = at,
                        LastProbeTime = at,
                    },
                ],
        };
        var (patch, name, ns) = (MergePatches.OfStatus(status), job.Name(), job.Namespace());
        cache.Jobs.Wrote(
            await api.BatchV1.PatchNamespacedJobStatusAsync(patch, name, ns, cancellationToken: cancellationToken)
        );
        if (condition == "Complete")
            events.Record(job, Component, "Completed", "Job completed");
        else if (condition == "Failed")
            events.Record(
                job,
                Component,
                ExceededReason,
                "Job has reached the specified backoff limit",
                isWarning: true
            );
    }

    /// <summary>Completed indexes as a Job's status shows them: <c>0-3,7</c>.</summary>
    private static string Ranges(List<int> indexes)
    {
        var ranges = new List<(int First, int Last)>();
        foreach (var index in indexes)
        {
            if (ranges.Count > 0 && ranges[^1].Last == index - 1)
                ranges[^1] = (ranges[^1].First, index);
            else
                ranges.Add((index, index));
        }
        return string.Join(',', ranges.Select(r => r.First == r.Last ? $"{r.First}" : $"{r.First}-{r.Last}"));
    }
}
