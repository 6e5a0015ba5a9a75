using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>
/// The changes of a kind from a version on, each once and in order. For one reader. When it reads too slowly to keep up
/// with the bounded history, <see cref="ReadAsync"/> says so and the reader lists again.
/// </summary>
public sealed class Watcher
{
    private readonly WatchLog _log;
    private readonly Selection _selection;
    private readonly Change[] _changes = new Change[128];
    private IReadOnlyList<StoredObject>? _initial;
    private long _position;

    internal Watcher(
        WatchLog log,
        Selection selection,
        IReadOnlyList<StoredObject> initial,
        long position,
        long resourceVersion
    )
    {
        (_log, _selection, _initial) = (log, selection, initial);
        (_position, ResourceVersion) = (position, resourceVersion);
    }

    /// <summary>The version up to which this watcher has seen everything; what a bookmark says.</summary>
    public long ResourceVersion { get; private set; }

    /// <summary>Waits for changes and appends them to a list: at least one, unless it returns false.</summary>
    /// <returns>False when events were lost: list again and start a new watcher.</returns>
    public async ValueTask<bool> ReadAsync(List<WatchEvent> events, CancellationToken cancellationToken)
    {
        TakeInitial(events);
        if (events.Count > 0)
            return true;
        while (true)
        {
            var appended = _log.Appended;
            var count = _log.Read(ref _position, _changes);
            if (count < 0)
                return false;
            for (var i = 0; i < count; i++)
            {
                if (_changes[i].Through(_selection) is { } seen)
                    events.Add(seen);
                ResourceVersion = _changes[i].ResourceVersion;
            }
            Array.Clear(_changes, 0, count);
            if (events.Count > 0)
                return true;
            if (count == 0)
                await appended.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Appends the objects that were there at the start; once.</summary>
    internal void TakeInitial(List<WatchEvent> events)
    {
        if (_initial is { } initial)
            events.AddRange(initial.Select(o => new WatchEvent(WatchEventType.Added, o)));
        _initial = null;
    }

    internal static ApiStatus TooSlow { get; } =
        ApiStatus.Expired("too old resource version: the watch fell behind the history, list again");
}
