using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CiliumDebugging.Lab.Clusters;
using k8s;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Notices what is changed in a cluster while a run is under load, by any user and any program: policies, the load's
/// Service, Deployments, cilium-config and agents. The changes of the run's own steps are left out. What may not be
/// read is not watched.
/// </summary>
internal sealed class ChangeWatch : IAsyncDisposable
{
    /// <summary>How long the first lists may take; a kind that takes longer is watched from then on.</summary>
    private static readonly TimeSpan s_firstListsLimit = TimeSpan.FromSeconds(5);

    /// <summary>The watch may report a change of the run's own this long after it was made.</summary>
    private static readonly TimeSpan s_ownChangesLimit = TimeSpan.FromSeconds(2);

    private readonly ObjectClient _objects;
    private readonly Action<string> _onChanged;
    private readonly ConcurrentQueue<string> _refused = new();
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, DateTimeOffset> _ownUntil = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    private ChangeWatch(Kubernetes cluster, Action<string> onChanged, TimeProvider time) =>
        (_objects, _onChanged, _time) = (new ObjectClient(cluster), onChanged, time);

    /// <summary>What may not be watched, and why.</summary>
    public IReadOnlyCollection<string> Refused => _refused;

    /// <summary>Begins to watch; what exists by then has not changed.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="kinds">What to watch.</param>
    /// <param name="onChanged">Receives each change in words, in any thread.</param>
    /// <param name="time">Time source.</param>
    /// <param name="cancellationToken">Ends the beginning.</param>
    public static async Task<ChangeWatch> StartAsync(
        Kubernetes cluster,
        IEnumerable<WatchedKind> kinds,
        Action<string> onChanged,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var watch = new ChangeWatch(cluster, onChanged, time);
        var started = kinds.Select(watch.Start).ToList();
        watch._watching = Task.WhenAll(started.Select(s => s.Watching));
        var listed = Task.WhenAll(started.Select(s => s.Listed));
        await Task.WhenAny(listed, Task.Delay(s_firstListsLimit, time, cancellationToken));
        return watch;
    }

    /// <summary>Until the result is disposed, and shortly after, changes of these objects are the run's own.</summary>
    public IDisposable Own(IEnumerable<ObjectReference> objects)
    {
        string[] paths = [.. objects.Select(o => o.Path)];
        foreach (var path in paths)
            _ownUntil[path] = DateTimeOffset.MaxValue;
        return new OwnChanges(this, paths);
    }

    private (Task Watching, Task Listed) Start(WatchedKind kind)
    {
        var listed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Dictionary<string, JsonObject>? known = null;
        var watch = new ObjectWatch<JsonObject>(
            token => ListAsync(kind, listed, token),
            (version, token) => _objects.WatchAsync(kind.Collection, version, token),
            items =>
            {
                var now = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
                foreach (var item in items)
                    now.TryAdd(kind.ReferenceTo(item).Path, item);
                if (known is { } before)
                {
                    foreach (var gone in before.Where(b => !now.ContainsKey(b.Key)))
                        Notice(kind, gone.Value, null);
                    foreach (var (path, item) in now)
                        Notice(kind, before.GetValueOrDefault(path), item);
                }
                known = now;
                listed.TrySetResult();
                return ValueTask.CompletedTask;
            },
            (type, item) =>
            {
                var path = kind.ReferenceTo(item).Path;
                known!.Remove(path, out var before);
                if (type is not WatchEventType.Deleted)
                    known[path] = item;
                Notice(kind, before ?? (type is WatchEventType.Deleted ? item : null), known.GetValueOrDefault(path));
                return ValueTask.CompletedTask;
            },
            refusal =>
            {
                _refused.Enqueue($"{kind.Plural} cannot be watched: {ApiMessages.Of(refusal)}");
                listed.TrySetResult();
            },
            _time
        );
        return (watch.RunAsync(_stop.Token), listed.Task);
    }

    private async Task<(IList<JsonObject>, string)> ListAsync(
        WatchedKind kind,
        TaskCompletionSource listed,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await _objects.ListAsync(kind.Collection, cancellationToken);
        }
        finally
        {
            // A cluster without this kind has nothing to wait for.
            listed.TrySetResult();
        }
    }

    private void Notice(WatchedKind kind, JsonObject? before, JsonObject? after)
    {
        if (kind.Describe(before, after) is not { } change)
            return;
        var reference = kind.ReferenceTo((after ?? before)!);
        if (_ownUntil.TryGetValue(reference.Path, out var until) && _time.GetUtcNow() <= until)
            return;
        var manager = after is null ? null : WatchedKind.ManagerOf(before, after);
        _onChanged($"{reference.Title} {change}{(manager is null ? "" : $" by {manager}")}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private sealed class OwnChanges(ChangeWatch watch, string[] paths) : IDisposable
    {
        public void Dispose()
        {
            foreach (var path in paths)
                watch._ownUntil[path] = watch._time.GetUtcNow() + s_ownChangesLimit;
        }
    }
}
