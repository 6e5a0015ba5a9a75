using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.LoadTest.Attack.Results;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Attacks;

/// <summary>The results of all Pods of an attack.</summary>
/// <param name="Results">Counts and histograms of all Pods, merged exactly.</param>
/// <param name="StartSpread">
/// Time between the start of the first and of the last Pod's program, to a second; null: the cluster does not report
/// it.
/// </param>
internal sealed record PodAttackResult(AttackResults Results, TimeSpan? StartSpread);

/// <summary>
/// Runs an attack from Pods: 1. creates the Job, 2. waits until every Pod has ended, 3. reads and merges their results
/// through the API server, 4. deletes the Job in every case.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="time">Time source.</param>
/// <param name="progress">Gets a line at each look at the Job; null: nothing does.</param>
internal sealed class PodAttack(IKubernetes cluster, TimeProvider time, Action<string>? progress = null)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    // How long a Pod may report that it cannot start before the attack fails.
    private static readonly TimeSpan s_stuckFor = TimeSpan.FromSeconds(20);

    private const int MaxLogBytes = 32 << 20,
        MaxShownLines = 5;

    private static readonly string[] s_stuck =
    [
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "CreateContainerConfigError",
        "CreateContainerError",
    ];

    /// <exception cref="PodAttackException">The cluster refuses the Job, or not every Pod left results.</exception>
    public async Task<PodAttackResult> RunAsync(PodAttackOrder order, CancellationToken cancellationToken)
    {
        var name = $"attack-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        try
        {
            await cluster.BatchV1.CreateNamespacedJobAsync(
                AttackJob.Of(order, name),
                order.Namespace,
                cancellationToken: cancellationToken
            );
        }
        catch (HttpOperationException e)
        {
            throw new PodAttackException($"the cluster refuses Job {order.Namespace}/{name}: {e.Response.Content}", e);
        }

        try
        {
            await WaitAsync(order, name, cancellationToken);
            return await CollectAsync(order, name, cancellationToken);
        }
        catch (HttpOperationException e)
        {
            throw new PodAttackException($"Job {order.Namespace}/{name}: {e.Response.Content}", e);
        }
        finally
        {
            await DeleteAsync(order, name, interrupted: cancellationToken.IsCancellationRequested);
        }
    }

    private async Task WaitAsync(PodAttackOrder order, string name, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        long? stuckSince = null;
        while (true)
        {
            var job = await cluster.BatchV1.ReadNamespacedJobAsync(
                name,
                order.Namespace,
                cancellationToken: cancellationToken
            );
            if (job.Status?.Succeeded >= order.Pods)
                return;
            if (job.Status?.Failed > 0)
            {
                var condition = job.Status.Conditions?.FirstOrDefault(c => c is { Type: "Failed", Status: "True" });
                var why = condition is null ? "" : $" ({condition.Reason}: {condition.Message})";
                throw new PodAttackException(
                    $"{job.Status.Failed} of {order.Pods} pods failed{why}"
                        + await ReasonsAsync(order, name, cancellationToken)
                        + await LastLinesAsync(order, name, cancellationToken)
                );
            }
            if (time.GetElapsedTime(began) > order.Deadline)
                throw new PodAttackException(
                    $"{job.Status?.Succeeded ?? 0} of {order.Pods} pods have ended "
                        + $"after {order.Deadline.TotalSeconds:0} s: see kubectl --namespace {order.Namespace} "
                        + $"describe job {name}, or set a longer --pod-deadline"
                        + await ReasonsAsync(order, name, cancellationToken)
                );
            progress?.Invoke(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{time.GetElapsedTime(began).TotalSeconds:0} s  {job.Status?.Active ?? 0} of {order.Pods} pods "
                        + $"attack, {job.Status?.Succeeded ?? 0} have ended"
                )
            );
            var stuck = await StuckAsync(order, name, cancellationToken);
            stuckSince = stuck is null ? null : stuckSince ?? time.GetTimestamp();
            if (stuckSince is { } since && time.GetElapsedTime(since) >= s_stuckFor)
                throw new PodAttackException($"a pod does not start: {stuck}; check --image {order.Image}");
            await Task.Delay(s_interval, time, cancellationToken);
        }
    }

    private async Task<string?> StuckAsync(PodAttackOrder order, string name, CancellationToken cancellationToken)
    {
        var pods = await PodsAsync(order, name, cancellationToken);
        var stuck = pods.FirstOrDefault(p =>
            s_stuck.Contains(p.Status?.ContainerStatuses?.FirstOrDefault()?.State?.Waiting?.Reason)
        );
        return stuck is null ? null : $"{stuck.Name()}: {PodReasons.Of(stuck)}";
    }

    /// <summary>Why Pods are not ready or failed, in their own words; empty when they give none.</summary>
    private async Task<string> ReasonsAsync(PodAttackOrder order, string name, CancellationToken cancellationToken)
    {
        var reasons = PodReasons.Describe(await PodsAsync(order, name, cancellationToken));
        return reasons.Length == 0 ? "" : $"; {reasons}";
    }

    private async Task<PodAttackResult> CollectAsync(
        PodAttackOrder order,
        string name,
        CancellationToken cancellationToken
    )
    {
        var merged = new AttackResults();
        var starts = new List<DateTime>();
        var pods = (await PodsAsync(order, name, cancellationToken))
            .Where(pod => pod.Status?.Phase == "Succeeded")
            .ToList();
        if (pods.Count != order.Pods)
            throw new PodAttackException(
                $"{pods.Count} of {order.Pods} pods still exist: the results of the others are lost"
            );
        foreach (var pod in pods)
        {
            merged.Merge(await ReadAsync(pod, cancellationToken));
            if (pod.Status.ContainerStatuses?.FirstOrDefault()?.State?.Terminated?.StartedAt is { } startedAt)
                starts.Add(startedAt);
        }
        return new PodAttackResult(merged, starts.Count == pods.Count ? starts.Max() - starts.Min() : null);
    }

    private async Task<AttackResults> ReadAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        var log = await LogAsync(pod, cancellationToken);
        var at = log.LastIndexOf(HistogramLog.Begin, StringComparison.Ordinal);
        try
        {
            if (
                at >= 0
                && HistogramLog.Read(new MemoryStream(Encoding.UTF8.GetBytes(log[at..])), out var results).Count > 0
                && results is not null
            )
                return results;
        }
        catch (InvalidDataException e)
        {
            throw new PodAttackException($"pod {pod.Metadata.Name}: {e.Message}", e);
        }
        var last = log.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(MaxShownLines).ToList();
        throw new PodAttackException(
            $"pod {pod.Metadata.Name} left no results: does its image have this version's load test?"
                + (last.Count == 0 ? "" : $" It says: {string.Join(" | ", last)}")
        );
    }

    private async Task<string> LogAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        using var stream = await cluster.CoreV1.ReadNamespacedPodLogAsync(
            pod.Metadata.Name,
            pod.Metadata.NamespaceProperty,
            cancellationToken: cancellationToken
        );
        var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > MaxLogBytes)
                throw new PodAttackException(
                    $"the output of pod {pod.Metadata.Name} is larger than {MaxLogBytes >> 20} MiB"
                );
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private async Task<string> LastLinesAsync(PodAttackOrder order, string name, CancellationToken cancellationToken)
    {
        var failed = (await PodsAsync(order, name, cancellationToken)).FirstOrDefault(pod =>
            pod.Status?.Phase == "Failed"
        );
        if (failed is null)
            return "";
        try
        {
            var lines = (await LogAsync(failed, cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return lines.Length == 0
                ? ""
                : $"; {failed.Metadata.Name} says: {string.Join(" | ", lines.TakeLast(MaxShownLines))}";
        }
        catch (HttpOperationException e)
        {
            // A Pod that never started, or is gone, has no log.
            return $"; the log of {failed.Metadata.Name} cannot be read: {ApiMessages.Of(e)}";
        }
    }

    private async Task<IList<V1Pod>> PodsAsync(
        PodAttackOrder order,
        string name,
        CancellationToken cancellationToken
    ) =>
        (
            await cluster.CoreV1.ListNamespacedPodAsync(
                order.Namespace,
                labelSelector: $"job-name={name}",
                cancellationToken: cancellationToken
            )
        ).Items;

    // Without the command's token: after Ctrl-C the Pods must not go on, and the command has 3 s to end.
    private async Task DeleteAsync(PodAttackOrder order, string name, bool interrupted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(interrupted ? 2 : 60), time);
        try
        {
            await cluster.BatchV1.DeleteNamespacedJobAsync(
                name,
                order.Namespace,
                propagationPolicy: "Background",
                cancellationToken: limit.Token
            );
        }
        catch (Exception e)
            when (e
                    is HttpOperationException { Response.StatusCode: HttpStatusCode.NotFound }
                        or HttpRequestException
                        or OperationCanceledException
            )
        {
            // Its deadline and its time to live end it.
        }
    }
}
