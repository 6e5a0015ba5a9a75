namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>
/// The recent writes of one kind, in order, bounded in number and bytes. Watchers do not own queues: each holds a
/// position in this one log, so a writer never waits for a watcher, memory does not grow with watchers, and a watcher
/// that falls out of the log knows that it lost events.
/// </summary>
internal sealed class WatchLog(int changesMax, long bytesMax)
{
    private readonly Lock _lock = new();
    private readonly Change[] _ring = new Change[changesMax];
    private long _first;
    private long _next;
    private long _bytes;
    private TaskCompletionSource _appended = NewSignal();

    /// <summary>Completes at the next append. Take it before <see cref="Read"/>, or a wake-up may be missed.</summary>
    public Task Appended
    {
        get
        {
            lock (_lock)
                return _appended.Task;
        }
    }

    /// <summary>Version of the newest change that was dropped; what happened up to it cannot be replayed.</summary>
    public long ForgottenVersion { get; private set; }

    public void Append(Change change)
    {
        TaskCompletionSource signal;
        lock (_lock)
        {
            while (_next - _first == _ring.Length || (_bytes > bytesMax && _first < _next))
                DropOldest_NeedsLock();
            _ring[_next++ % _ring.Length] = change;
            _bytes += change.New.Json.Length;
            signal = _appended;
            _appended = NewSignal();
        }
        signal.SetResult();
    }

    /// <summary>
    /// Position of the first change after a version; null when changes after it were already dropped.
    /// </summary>
    public long? PositionAfter(long resourceVersion)
    {
        lock (_lock)
        {
            if (resourceVersion < ForgottenVersion)
                return null;
            var (low, high) = (_first, _next);
            while (low < high)
            {
                var middle = low + ((high - low) / 2);
                if (_ring[middle % _ring.Length].ResourceVersion <= resourceVersion)
                    low = middle + 1;
                else
                    high = middle;
            }
            return low;
        }
    }

    /// <summary>
    /// Copies changes from a position on and advances it. −1: the position was dropped, events are lost.
    /// </summary>
    public int Read(ref long position, Span<Change> changes)
    {
        lock (_lock)
        {
            if (position < _first)
                return -1;
            var count = (int)Math.Min(changes.Length, _next - position);
            for (var i = 0; i < count; i++)
                changes[i] = _ring[(position + i) % _ring.Length];
            position += count;
            return count;
        }
    }

    /// <summary>Changes after a version, newest first, to undo them; null when some were already dropped.</summary>
    public IReadOnlyList<Change>? NewestFirstAfter(long resourceVersion)
    {
        lock (_lock)
        {
            if (PositionAfter(resourceVersion) is not { } position)
                return null;
            var changes = new List<Change>();
            for (var i = _next - 1; i >= position; i--)
                changes.Add(_ring[i % _ring.Length]);
            return changes;
        }
    }

    private void DropOldest_NeedsLock()
    {
        ref var oldest = ref _ring[_first++ % _ring.Length];
        _bytes -= oldest.New.Json.Length;
        ForgottenVersion = oldest.ResourceVersion;
        oldest = default;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
