using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Measurement.Runs;
using k8s.Autorest;
using k8s.Models;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Running;

/// <summary>Finds out why a run failed: what is seen first, a broken connection, names no cause.</summary>
internal static class RunBreak
{
    /// <summary>Exit codes above this are 128 and a signal (POSIX shells, container runtimes).</summary>
    private const int SignalBase = 128;

    /// <summary>How long a kubelet may take to report that a container ended.</summary>
    private static readonly TimeSpan s_statusLimit = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Why the run failed.</summary>
    /// <param name="control">Learns that the cluster has ended, maybe only after what that breaks was seen.</param>
    /// <param name="client">The load-test Pod, as it was when the run began.</param>
    /// <param name="read">Reads that Pod; its cluster may be gone.</param>
    /// <param name="failure">What was seen.</param>
    /// <param name="time">Time source.</param>
    public static async Task<EarlyEnd> WhyAsync(
        RunController control,
        V1Pod client,
        Func<CancellationToken, Task<V1Pod>> read,
        Exception failure,
        TimeProvider time
    )
    {
        var ofClient = OfClientAsync(client, read, time);
        await Task.WhenAny(control.Reason, ofClient);
        if (control.Reason.IsCompleted)
            return Named(await control.Reason);
        var (reason, unreachable) = await ofClient;
        if (unreachable is not null)
            reason = await OfClusterAsync(control, time)
                ?? $"the cluster's API server cannot be reached any more: {unreachable}";
        return Named(reason ?? MessageOf(failure));

        static EarlyEnd Named(string reason) => new(reason, IsInterruption: false);
    }

    /// <summary>
    /// What became of the load test, or why the API cannot say it; neither is known where the load test runs.
    /// </summary>
    private static async Task<(string? Reason, string? Unreachable)> OfClientAsync(
        V1Pod client,
        Func<CancellationToken, Task<V1Pod>> read,
        TimeProvider time
    )
    {
        var name = $"pod {client.Namespace()}/{client.Name()}, which sends the load,";
        var answered = false;
        using var limit = new CancellationTokenSource(s_statusLimit, time);
        try
        {
            while (true)
            {
                var pod = await read(limit.Token).WaitAsync(limit.Token);
                answered = true;
                if (pod.Metadata.DeletionTimestamp is not null)
                    return ($"{name} was deleted", null);
                if (EndOf(pod, RestartsOf(client)) is { } end)
                    return ($"{name} {end}", null);
                await Task.Delay(s_pollInterval, time, limit.Token);
            }
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is System.Net.HttpStatusCode.NotFound)
        {
            return ($"{name} was deleted", null);
        }
        catch (OperationCanceledException)
        {
            return (null, answered ? null : "it does not answer");
        }
        catch (Exception e) when (ApiFailures.Is(e))
        {
            return (null, ApiMessages.Of(e));
        }
    }

    /// <summary>
    /// How the cluster ended, which may be noticed after its connections have broken off; null: it has not in time.
    /// </summary>
    private static async Task<string?> OfClusterAsync(RunController control, TimeProvider time)
    {
        try
        {
            return await control.Reason.WaitAsync(control.EndNotice, time);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static int RestartsOf(V1Pod pod) => (pod.Status?.ContainerStatuses ?? []).Sum(c => c.RestartCount);

    /// <summary>How a container of a Pod ended since it had been started this often; null: none did.</summary>
    private static string? EndOf(V1Pod pod, int restarts)
    {
        var hasRestarted = RestartsOf(pod) > restarts;
        var ended = (pod.Status?.ContainerStatuses ?? [])
            .Select(c =>
                c.State?.Terminated ?? (hasRestarted || c.State?.Waiting is not null ? c.LastState?.Terminated : null)
            )
            .FirstOrDefault(t => t is not null);
        return ended is null ? null : Describe(ended);
    }

    private static string Describe(V1ContainerStateTerminated ended) =>
        ended switch
        {
            { Reason: "OOMKilled" } => "was killed, because it needed more memory than its limit (OOMKilled)",
            { Signal: > 0 and var signal } => Invariant($"was killed by signal {signal}"),
            { ExitCode: > SignalBase and var code } => Invariant($"was killed by signal {code - SignalBase}"),
            _ => Invariant($"ended with exit code {ended.ExitCode}"),
        };

    private static string MessageOf(Exception failure) =>
        failure switch
        {
            OperationCanceledException => "the cluster did not answer in time",
            _ => ApiMessages.Of(failure),
        };
}
