using System.Threading.Channels;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Page;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>Which Pods are shown.</summary>
/// <param name="Namespace">Of this namespace.</param>
/// <param name="LabelSelector">With these labels; null: all.</param>
internal sealed record MirroredPods(string Namespace, string? LabelSelector = null);

/// <summary>
/// Shows the Pods of a cluster as rows that come and go, under the rows of their workloads, from watches of the
/// Kubernetes
/// API alone: the embedded cluster and a real one look the same.
/// <list type="number">
/// <item>Watches report Pods and Deployments; every change and every second goes through one queue, so that nothing
/// below
/// needs a lock.</item>
/// <item>A Pod that appears gets a resource of its own in the application, with a health check, a command and its
/// log.</item>
/// <item>What a row says is worked out from the Pod and from the lab's state, and published when it differs.</item>
/// <item>A Pod that is gone takes its row with it; its resource stays for a while, so that its log can still be
/// read.</item>
/// </list>
/// </summary>
internal sealed partial class ClusterMirror : IAsyncDisposable
{
    /// <summary>Changes that wait to be shown; the watches wait when there are more.</summary>
    private const int QueueLength = 256;

    /// <summary>Pods whose logs are followed; each costs a connection to the API server.</summary>
    private const int MaxLogs = 60;

    /// <summary>Pods that are gone and whose logs can still be read.</summary>
    private const int MaxGone = 20;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1),
        s_logRest = TimeSpan.FromSeconds(2);

    private readonly k8s.Kubernetes _api;
    private readonly AspireRows _rows;
    private readonly KubernetesCommands _commands;
    private readonly string _clusterRow;
    private readonly LiveState _feed;
    private readonly Uri _page;
    private readonly Dictionary<string, PodEntry> _pods = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string Workload), WorkloadEntry> _workloads = [];
    private readonly Queue<PodEntry> _gone = new();
    private readonly Channel<Func<Task>> _queue = Channel.CreateBounded<Func<Task>>(QueueLength);
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _log;
    private readonly Task _showing;
    private readonly List<Task> _running = [];
    private int _logs;

    /// <summary>Begins to show a cluster.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="pods">Which of its Pods.</param>
    /// <param name="rows">Where rows are made.</param>
    /// <param name="commands">What can be done to them.</param>
    /// <param name="clusterRow">Id of the cluster's own row.</param>
    /// <param name="workloads">Rows of workloads that are there already.</param>
    /// <param name="feed">What is known of the load.</param>
    /// <param name="page">The live page, which the rows link to.</param>
    public ClusterMirror(
        k8s.Kubernetes api,
        IEnumerable<MirroredPods> pods,
        AspireRows rows,
        KubernetesCommands commands,
        string clusterRow,
        IEnumerable<WorkloadResource> workloads,
        LiveState feed,
        Uri page
    )
    {
        (_api, _rows, _commands, _clusterRow, _feed, _page) = (api, rows, commands, clusterRow, feed, page);
        foreach (var workload in workloads)
            Add(new WorkloadEntry(workload) { IsOfApplication = true });
        _log = rows.LogOf<ClusterMirror>();
        _showing = ShowQueuedAsync();
        _running.Add(ShowEverySecondAsync());
        foreach (var watched in pods)
        {
            _running.Add(WatchPods(watched).RunAsync(_stop.Token));
            _running.Add(WatchDeployments(watched.Namespace).RunAsync(_stop.Token));
        }
    }

    private ObjectWatch<V1Pod> WatchPods(MirroredPods watched) =>
        new(
            async token =>
            {
                var list = await _api.CoreV1.ListNamespacedPodAsync(
                    watched.Namespace,
                    labelSelector: watched.LabelSelector,
                    cancellationToken: token
                );
                return (list.Items, list.ResourceVersion());
            },
            (version, token) =>
                _api.CoreV1.WatchListNamespacedPodAsync(
                    watched.Namespace,
                    labelSelector: watched.LabelSelector,
                    resourceVersion: version,
                    cancellationToken: token
                ),
            items =>
                QueueAsync(async () =>
                {
                    var uids = items.Select(p => p.Uid()).ToHashSet(StringComparer.Ordinal);
                    foreach (
                        var gone in _pods
                            .Values.Where(p => ReferenceEquals(p.Watched, watched) && !uids.Contains(p.Pod.Uid()))
                            .ToList()
                    )
                        await RemoveAsync(gone);
                    foreach (var pod in items)
                        await ShowAsync(pod, watched);
                }),
            (type, pod) =>
                QueueAsync(() =>
                    type is not WatchEventType.Deleted ? ShowAsync(pod, watched)
                    : _pods.TryGetValue(pod.Uid(), out var gone) ? RemoveAsync(gone)
                    : Task.CompletedTask
                ),
            refusal => LogRefused(_log, "pods", watched.Namespace, refusal.Response.Content),
            TimeProvider.System
        );

    private ObjectWatch<V1Deployment> WatchDeployments(string ns) =>
        new(
            async token =>
            {
                var list = await _api.AppsV1.ListNamespacedDeploymentAsync(ns, cancellationToken: token);
                return (list.Items, list.ResourceVersion());
            },
            (version, token) =>
                _api.AppsV1.WatchListNamespacedDeploymentAsync(ns, resourceVersion: version, cancellationToken: token),
            items =>
                QueueAsync(async () =>
                {
                    var names = items.Select(d => d.Name()).ToHashSet(StringComparer.Ordinal);
                    foreach (
                        var gone in _workloads
                            .Values.Where(w =>
                                w.Resource is { Kind: WorkloadResource.Deployment } r
                                && r.Namespace == ns
                                && !names.Contains(r.Workload)
                            )
                            .ToList()
                    )
                        await EndAsync(gone);
                    foreach (var deployment in items)
                        await ShowAsync(deployment);
                }),
            (type, deployment) =>
                QueueAsync(() =>
                    type is not WatchEventType.Deleted ? ShowAsync(deployment)
                    : _workloads.TryGetValue((ns, deployment.Name()), out var gone) ? EndAsync(gone)
                    : Task.CompletedTask
                ),
            refusal => LogRefused(_log, "deployments", ns, refusal.Response.Content),
            TimeProvider.System
        );

    private ValueTask QueueAsync(Func<Task> change) => _queue.Writer.WriteAsync(change, _stop.Token);

    private async Task ShowQueuedAsync()
    {
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (_queue.Reader.TryRead(out var change))
            {
                try
                {
                    await change();
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    // One row that cannot be shown must not keep the others from being shown.
                    if (!_stop.IsCancellationRequested)
                        LogNotShown(_log, e);
                }
            }
        }
    }

    private async Task ShowEverySecondAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(s_interval, TimeProvider.System, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_stop.IsCancellationRequested)
                _queue.Writer.TryWrite(ShowAllAsync);
        }
    }

    private async Task ShowAllAsync()
    {
        PageState state = _feed.State;
        var rows = state.PodRows.ToDictionary(r => r.Key, StringComparer.Ordinal);
        foreach (var pod in _pods.Values)
            await ShowAsync(pod, state, rows.GetValueOrDefault($"{pod.Pod.Namespace()}/{pod.Pod.Name()}"));
        foreach (var workload in _workloads.Values)
            await ShowAsync(workload, state);
    }

    private async Task ShowAsync(V1Pod pod, MirroredPods watched)
    {
        PageState state = _feed.State;
        if (!_pods.TryGetValue(pod.Uid(), out var entry))
            entry = await AddAsync(pod, watched);
        entry.Pod = pod;
        if (entry.Log is null && HasStarted(pod) && _logs < MaxLogs)
            StartLog(entry);
        await ShowAsync(entry, state, state.PodRows.FirstOrDefault(r => r.Key == $"{pod.Namespace()}/{pod.Name()}"));
        await ShowAsync(entry.Workload, state);
    }

    private async Task ShowAsync(V1Deployment deployment)
    {
        if (!_workloads.TryGetValue((deployment.Namespace(), deployment.Name()), out var entry))
            return;
        (entry.Replicas, entry.IsGone) = (deployment.Spec.Replicas ?? 1, false);
        await ShowAsync(entry, _feed.State);
    }

    /// <summary>
    /// The workload is gone. Its row goes with its last Pod; one that the application began with stays and says so.
    /// </summary>
    private async Task EndAsync(WorkloadEntry entry)
    {
        (entry.Replicas, entry.IsGone) = (0, true);
        if (entry.Pods.Count > 0 || entry.IsOfApplication)
        {
            await ShowAsync(entry, _feed.State);
            return;
        }
        _workloads.Remove((entry.Resource.Namespace, entry.Resource.Workload));
        await _rows.HideAsync(entry.Resource, s => s);
        _rows.Remove(entry.Resource);
    }

    private async Task<PodEntry> AddAsync(V1Pod pod, MirroredPods watched)
    {
        var workload = await WorkloadOfAsync(pod);
        var (name, shortName) = (workload.Resource.Workload, PodNames.ShortNameOf(pod));
        var row = _rows.Name(shortName == name ? name : $"{name}-{shortName}", pod.Namespace());
        var entry = new PodEntry(new PodResource(row), workload) { Pod = pod, Watched = watched };
        _pods.Add(pod.Uid(), entry);
        workload.Pods.Add(entry);
        _rows.Add(entry.Resource, () => entry.Shown?.Health ?? (HealthStatus.Unhealthy, "starting"));
        entry.Resource.Annotations.Add(_commands.Delete(() => entry.Pod));
        return entry;
    }

    /// <summary>The row of a Pod's workload; one that is not there yet is made.</summary>
    private async Task<WorkloadEntry> WorkloadOfAsync(V1Pod pod)
    {
        var key = (pod.Namespace(), PodNames.WorkloadOf(pod));
        if (_workloads.TryGetValue(key, out var known))
            return known;
        var owner = PodNames.Controller(pod)?.Kind;
        var kind = owner is "ReplicaSet" or null ? WorkloadResource.Deployment : owner;
        var entry = new WorkloadEntry(
            new WorkloadResource(_rows.Name(key.Item2, key.Item1), key.Item1, key.Item2, kind)
        );
        if (kind == WorkloadResource.Deployment && owner is not null)
        {
            try
            {
                entry.Replicas = (
                    await _api.AppsV1.ReadNamespacedDeploymentAsync(
                        key.Item2,
                        key.Item1,
                        cancellationToken: _stop.Token
                    )
                )
                    .Spec
                    .Replicas;
            }
            catch (Exception e) when (e is HttpOperationException or HttpRequestException)
            {
                // The number of Pods that are there must do.
            }
        }
        Add(entry);
        _rows.Add(entry.Resource, health: null);
        return entry;
    }

    private void Add(WorkloadEntry entry)
    {
        foreach (var command in _commands.Of(entry.Resource))
            entry.Resource.Annotations.Add(command);
        _workloads.Add((entry.Resource.Namespace, entry.Resource.Workload), entry);
    }

    private async Task RemoveAsync(PodEntry entry)
    {
        _pods.Remove(entry.Pod.Uid());
        entry.Workload.Pods.Remove(entry);
        await _rows.HideAsync(entry.Resource, s =>
            s with
            {
                State = KnownResourceStates.Finished,
                StopTimeStamp = TimeProvider.System.GetUtcNow().UtcDateTime,
            }
        );
        if (entry.Log is { } log)
        {
            _running.Add(EndLogAsync(entry, log));
            _running.RemoveAll(t => t.IsCompleted);
        }
        _gone.Enqueue(entry);
        if (_gone.Count > MaxGone)
            _rows.Remove(_gone.Dequeue().Resource);
        // A Job's Pods are gone and so is it; a Deployment says itself when it is.
        if (
            entry.Workload is { Pods.Count: 0 } workload
            && (workload.IsGone || workload.Resource.Kind != WorkloadResource.Deployment)
        )
            await EndAsync(workload);
        else
            await ShowAsync(entry.Workload, _feed.State);
    }

    private void StartLog(PodEntry entry)
    {
        Interlocked.Increment(ref _logs);
        entry.Log = FollowLogAsync(entry);
    }

    private async Task FollowLogAsync(PodEntry entry)
    {
        await new PodLog(_api, entry.Pod, _rows.Log(entry.Resource), TimeProvider.System).RunAsync(entry.LogEnd.Token);
        Interlocked.Decrement(ref _logs);
    }

    /// <summary>The last lines of a Pod that is gone are still under way.</summary>
    private async Task EndLogAsync(PodEntry entry, Task log)
    {
        entry.LogEnd.CancelAfter(s_logRest);
        await log;
        _rows.EndLog(entry.Resource);
    }

    private async Task ShowAsync(PodEntry entry, PageState state, PageRow? share)
    {
        var text = PodText.Of(entry.Pod, state, share);
        if (entry.Shown?.Key == text.Key)
            return;
        var before = entry.Shown;
        // Aspire asks a healthy row for its health every 30 s only, unless its state changes: for a moment it does.
        if (
            before is not null
            && before.Health.Status != text.Health.Status
            && text.State.Text == KnownResourceStates.Running
        )
            await _rows.PublishAsync(entry.Resource, s =>
                s with
                {
                    State = RowText.Styled("Running, checking", KnownResourceStateStyles.Info),
                }
            );
        await _rows.PublishAsync(
            entry.Resource,
            s =>
                text.ApplyTo(s, _page) with
                {
                    ResourceType = "Pod",
                    IconName = "Box",
                    StartTimeStamp = entry.Pod.Status?.StartTime ?? entry.Pod.Metadata.CreationTimestamp,
                },
            parentRow: entry.Workload.Resource.Name,
            parentName: entry.Workload.Resource.Name
        );
        entry.Shown = text;
    }

    private async Task ShowAsync(WorkloadEntry entry, PageState state)
    {
        var text = WorkloadText.Of(
            entry.Resource,
            entry.IsGone,
            entry.Replicas,
            [.. entry.Pods.Select(p => p.Pod)],
            state
        );
        if (entry.Shown?.Key == text.Key)
            return;
        entry.Shown = text;
        await _rows.PublishAsync(
            entry.Resource,
            s => text.ApplyTo(s, _page) with { ResourceType = entry.Resource.Kind, IconName = "Stack" },
            parentRow: _clusterRow,
            parentName: "cluster"
        );
    }

    private static bool HasStarted(V1Pod pod) =>
        pod.Status?.ContainerStatuses?.Any(c =>
            c.State?.Running is not null || c.State?.Terminated is not null || c.RestartCount > 0
        ) == true;

    /// <summary>Stops watching. The rows stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _queue.Writer.TryComplete();
        await _showing; // from here on nobody else changes the lists
        foreach (var entry in _pods.Values)
            await entry.LogEnd.CancelAsync();
        await Task.WhenAll(_running.Concat(_pods.Values.Select(p => p.Log).OfType<Task>()))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A row of the cluster could not be shown")]
    private static partial void LogNotShown(ILogger logger, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The {Kind} of namespace {Namespace} are not shown, because they may not be listed: {Refusal}"
    )]
    private static partial void LogRefused(ILogger logger, string kind, string @namespace, string refusal);

    private sealed class PodEntry(PodResource resource, WorkloadEntry workload)
    {
        public PodResource Resource => resource;

        public WorkloadEntry Workload => workload;

        public required V1Pod Pod { get; set; }

        /// <summary>The selection it is in.</summary>
        public required MirroredPods Watched { get; init; }

        public RowText? Shown { get; set; }

        public Task? Log { get; set; }

        public CancellationTokenSource LogEnd { get; } = new();
    }

    private sealed class WorkloadEntry(WorkloadResource resource)
    {
        public WorkloadResource Resource => resource;

        public List<PodEntry> Pods { get; } = [];

        /// <summary>Whether its row is there from the beginning.</summary>
        public bool IsOfApplication { get; init; }

        /// <summary>Whether the workload was deleted.</summary>
        public bool IsGone { get; set; }

        /// <summary>Pods that are wanted; null: unknown.</summary>
        public int? Replicas { get; set; }

        public RowText? Shown { get; set; }
    }
}
