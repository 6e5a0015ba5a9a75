using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Page;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>
/// Shows the Pods of a cluster as rows under the rows of their workloads, while they are created and deleted. It uses
/// watches of the Kubernetes API alone: the embedded cluster and a real one look the same.
/// <list type="number">
/// <item>Watches report Pods and Deployments. Every change and every second is one entry of a queue, so that nothing
/// below
/// needs a lock.</item>
/// <item>A new Pod gets a resource of its own in the application, with a health check, a command and its log.</item>
/// <item>The text of a row follows from the Pod and the lab's state, and is published when it differs.</item>
/// <item>The row of a deleted Pod is hidden; its resource stays for a while, so that its log can still be read.</item>
/// </list>
/// </summary>
internal sealed partial class ClusterMirror : IAsyncDisposable
{
    /// <summary>Deleted Pods whose logs can still be read.</summary>
    private const int MaxDeleted = 20;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly k8s.Kubernetes _api;
    private readonly MirrorRows _shownIn;
    private readonly AspireRows _rows;
    private readonly KubernetesCommands _commands;
    private readonly LiveState _feed;
    private readonly Dictionary<string, MirroredPod> _pods = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string Name), MirroredWorkload> _workloads = [];
    private readonly Dictionary<(string Namespace, string Name), int> _replicas = [];
    private readonly Queue<MirroredPod> _deleted = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _log;
    private readonly ChangeQueue _queue;
    private readonly PodLogs _logs;
    private readonly List<Task> _running;

    /// <summary>Begins to show a cluster.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="pods">Which of its Pods.</param>
    /// <param name="rows">Where they are shown.</param>
    /// <param name="commands">What can be done to them.</param>
    /// <param name="workloads">Workloads whose rows are there already.</param>
    /// <param name="feed">What is known of the load.</param>
    public ClusterMirror(
        k8s.Kubernetes api,
        IReadOnlyList<MirroredPods> pods,
        MirrorRows rows,
        KubernetesCommands commands,
        IEnumerable<WorkloadResource> workloads,
        LiveState feed
    )
    {
        (_api, _shownIn, _rows, _commands, _feed) = (api, rows, rows.Rows, commands, feed);
        foreach (var workload in workloads)
            Add(new MirroredWorkload(workload) { IsOfApplication = true });
        _log = _rows.LogOf<ClusterMirror>();
        _logs = new PodLogs(api, _rows, TimeProvider.System);
        _queue = new ChangeQueue(_log);
        _running =
        [
            ShowEverySecondAsync(),
            .. pods.Select(p => WatchPods(p).RunAsync(_stop.Token)),
            .. pods.Select(p => p.Namespace).Distinct().Select(ns => WatchDeployments(ns).RunAsync(_stop.Token)),
        ];
    }

    private ObjectWatch<V1Pod> WatchPods(MirroredPods selection) =>
        new(
            async token =>
            {
                var list = await _api.CoreV1.ListNamespacedPodAsync(
                    selection.Namespace,
                    labelSelector: selection.LabelSelector,
                    cancellationToken: token
                );
                return (list.Items, list.ResourceVersion());
            },
            (version, token) =>
                _api.CoreV1.WatchListNamespacedPodAsync(
                    selection.Namespace,
                    labelSelector: selection.LabelSelector,
                    resourceVersion: version,
                    cancellationToken: token
                ),
            items => QueueAsync(() => ShowListedAsync(items, selection)),
            (type, pod) =>
                QueueAsync(() => type is WatchEventType.Deleted ? RemoveAsync(pod.Uid()) : ShowAsync(pod, selection)),
            refusal => LogRefused(_log, "pods", selection.Namespace, refusal.Response.Content),
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
            items => QueueAsync(() => ShowListedAsync(items, ns)),
            (type, deployment) =>
                QueueAsync(() =>
                    type is WatchEventType.Deleted ? RemoveAsync((ns, deployment.Name())) : ShowAsync(deployment)
                ),
            refusal => LogRefused(_log, "deployments", ns, refusal.Response.Content),
            TimeProvider.System
        );

    private ValueTask QueueAsync(Func<Task> change) => _queue.AddAsync(change, _stop.Token);

    private async Task ShowEverySecondAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(s_interval, TimeProvider.System, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _queue.TryAdd(ShowAllAsync);
        }
    }

    private async Task ShowAllAsync()
    {
        var state = _feed.State;
        foreach (var pod in _pods.Values)
            await ShowAsync(pod, state);
        foreach (var workload in _workloads.Values)
            await workload.ShowAsync(_shownIn, state);
    }

    private Task ShowAsync(MirroredPod pod, PageState state)
    {
        var key = $"{pod.Pod.Namespace()}/{pod.Pod.Name()}";
        return pod.ShowAsync(_shownIn, state, state.PodRows.FirstOrDefault(r => r.Key == key));
    }

    private async Task ShowListedAsync(IList<V1Pod> items, MirroredPods selection)
    {
        var listed = items.Select(p => p.Uid()).ToHashSet(StringComparer.Ordinal);
        foreach (var (uid, pod) in _pods.ToList())
            if (pod.Selection == selection && !listed.Contains(uid))
                await RemoveAsync(uid);
        foreach (var pod in items)
            await ShowAsync(pod, selection);
    }

    private async Task ShowAsync(V1Pod pod, MirroredPods selection)
    {
        var shown = _pods.GetValueOrDefault(pod.Uid()) ?? Add(pod, selection);
        shown.Pod = pod;
        _logs.Follow(shown.Resource, pod);
        var state = _feed.State;
        await ShowAsync(shown, state);
        await shown.Workload.ShowAsync(_shownIn, state);
    }

    private async Task ShowListedAsync(IList<V1Deployment> items, string ns)
    {
        var listed = items.Select(d => (ns, d.Name())).ToHashSet();
        var shown = _workloads.Where(w => w.Value.Resource.Kind == WorkloadResource.Deployment).Select(w => w.Key);
        foreach (var key in shown.Union(_replicas.Keys).Where(k => k.Namespace == ns && !listed.Contains(k)).ToList())
            await RemoveAsync(key);
        foreach (var deployment in items)
            await ShowAsync(deployment);
    }

    private async Task ShowAsync(V1Deployment deployment)
    {
        var key = (deployment.Namespace(), deployment.Name());
        _replicas[key] = deployment.Spec.Replicas ?? 1;
        if (!_workloads.TryGetValue(key, out var workload))
            return;
        (workload.Replicas, workload.IsDeleted) = (_replicas[key], false);
        await workload.ShowAsync(_shownIn, _feed.State);
    }

    private async Task RemoveAsync((string Namespace, string Name) deployment)
    {
        _replicas.Remove(deployment);
        if (_workloads.TryGetValue(deployment, out var workload))
            await RemoveAsync(workload);
    }

    /// <summary>
    /// The row of a deleted workload is hidden with its last Pod; one that the application began with stays and says
    /// so.
    /// </summary>
    private async Task RemoveAsync(MirroredWorkload workload)
    {
        (workload.Replicas, workload.IsDeleted) = (0, true);
        if (workload.Pods.Count > 0 || workload.IsOfApplication)
        {
            await workload.ShowAsync(_shownIn, _feed.State);
            return;
        }
        _workloads.Remove((workload.Resource.Namespace, workload.Resource.Workload));
        await _rows.HideAsync(workload.Resource, s => s);
        _rows.Remove(workload.Resource);
    }

    private async Task RemoveAsync(string podUid)
    {
        if (!_pods.Remove(podUid, out var pod))
            return;
        var workload = pod.Workload;
        workload.Pods.Remove(pod);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        await _rows.HideAsync(pod.Resource, s => s with { State = KnownResourceStates.Finished, StopTimeStamp = now });
        _logs.End(pod.Resource);
        _deleted.Enqueue(pod);
        if (_deleted.Count > MaxDeleted)
            _rows.Remove(_deleted.Dequeue().Resource);
        // A Job ends with its Pods; of a Deployment its own watch says so.
        var isEnded = workload.IsDeleted || workload.Resource.Kind != WorkloadResource.Deployment;
        if (workload.Pods.Count == 0 && isEnded)
            await RemoveAsync(workload);
        else
            await workload.ShowAsync(_shownIn, _feed.State);
    }

    private MirroredPod Add(V1Pod pod, MirroredPods selection)
    {
        var workload = WorkloadOf(pod);
        var (name, shortName) = (workload.Resource.Workload, PodNames.ShortNameOf(pod));
        var row = _rows.Name(shortName == name ? name : $"{name}-{shortName}", pod.Namespace());
        var shown = new MirroredPod(new PodResource(row), workload) { Pod = pod, Selection = selection };
        _pods.Add(pod.Uid(), shown);
        workload.Pods.Add(shown);
        _rows.Add(shown.Resource, () => shown.Health);
        shown.Resource.Annotations.Add(_commands.Delete(() => shown.Pod));
        return shown;
    }

    /// <summary>The workload of a Pod; a new one gets a row.</summary>
    private MirroredWorkload WorkloadOf(V1Pod pod)
    {
        var (ns, name) = (pod.Namespace(), PodNames.WorkloadOf(pod));
        if (_workloads.TryGetValue((ns, name), out var known))
            return known;
        var owner = PodNames.Controller(pod)?.Kind;
        var kind = owner is "ReplicaSet" or null ? WorkloadResource.Deployment : owner;
        var workload = new MirroredWorkload(new WorkloadResource(_rows.Name(name, ns), ns, name, kind))
        {
            // Where Deployments may not be listed, the Pods that exist are counted.
            Replicas = _replicas.TryGetValue((ns, name), out var replicas) ? replicas : null,
        };
        Add(workload);
        _rows.Add(workload.Resource, health: null);
        return workload;
    }

    private void Add(MirroredWorkload workload)
    {
        foreach (var command in _commands.Of(workload.Resource))
            workload.Resource.Annotations.Add(command);
        _workloads.Add((workload.Resource.Namespace, workload.Resource.Workload), workload);
    }

    /// <summary>Stops watching. The rows stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _queue.DisposeAsync(); // from here on nothing changes the collections
        await _logs.DisposeAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The {Kind} of namespace {Namespace} are not shown, because they may not be listed: {Refusal}"
    )]
    private static partial void LogRefused(ILogger logger, string kind, string @namespace, string refusal);
}
