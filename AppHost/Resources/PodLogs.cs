using k8s.Models;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>The logs of a cluster's Pods that are followed (<see cref="PodLog"/>). Not thread-safe.</summary>
internal sealed class PodLogs(k8s.Kubernetes api, AspireRows rows, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Logs that are followed; each costs a connection to the API server.</summary>
    private const int MaxLogs = 60;

    /// <summary>Time in which the last lines of a deleted Pod arrive.</summary>
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(2);

    private readonly Dictionary<PodResource, (Task Following, CancellationTokenSource Stop)> _logs = [];
    private readonly List<Task> _ending = [];

    /// <summary>Begins to follow the log of a Pod whose container has started, unless it is followed already.</summary>
    public void Follow(PodResource row, V1Pod pod)
    {
        if (_logs.ContainsKey(row) || !HasStarted(pod))
            return;
        if (_logs.Values.Count(l => !l.Following.IsCompleted) >= MaxLogs)
            return;
        var stop = new CancellationTokenSource();
        _logs.Add(row, (new PodLog(api, pod, rows.Log(row), time).RunAsync(stop.Token), stop));
    }

    /// <summary>The Pod was deleted: its last lines are still copied.</summary>
    public void End(PodResource row)
    {
        _ending.RemoveAll(t => t.IsCompleted);
        if (_logs.Remove(row, out var log))
            _ending.Add(EndAsync(row, log.Following, log.Stop));
    }

    private async Task EndAsync(PodResource row, Task following, CancellationTokenSource stop)
    {
        await following.WaitAsync(s_rest, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await StopAsync(following, stop);
        rows.EndLog(row);
    }

    private static async Task StopAsync(Task following, CancellationTokenSource stop)
    {
        await stop.CancelAsync();
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private static bool HasStarted(V1Pod pod) =>
        pod.Status?.ContainerStatuses?.Any(c =>
            c.State?.Running is not null || c.State?.Terminated is not null || c.RestartCount > 0
        ) == true;

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll([.. _logs.Values.Select(l => StopAsync(l.Following, l.Stop)), .. _ending]);
        _logs.Clear();
    }
}
