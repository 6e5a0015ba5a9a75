using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// What happened to the cluster under load: a list for the report, and the events that no evaluated record has passed
/// yet, because a record that arrives late may have started before them. Not thread-safe.
/// </summary>
internal sealed class RunEvents
{
    private const int MaxEvents = 200,
        MaxOpenChanges = 100;

    /// <summary>Times are recorded in ticks: an event may be dated a little before the phase that it ended.</summary>
    private const double Tick = 1e-6;

    private readonly List<RecordedEvent> _all = [];
    private readonly Queue<RecordedEvent> _pending = new();
    private readonly List<RecordedEvent> _openChanges = [];

    /// <summary>The last 200 events, in order. Times are since the attack's epoch, s.</summary>
    public IReadOnlyList<RecordedEvent> All => _all;

    /// <summary>Those from one moment to another, both included, s since the attack's epoch.</summary>
    public List<RecordedEvent> In(double from, double to) =>
        _all.FindAll(e => e.At.TotalSeconds >= from - Tick && e.At.TotalSeconds <= to);

    /// <summary>Adds an event that leaves the backends and their expected shares as they are.</summary>
    public void Record(string what, double at)
    {
        _pending.Enqueue(Add(what, at));
        if (_pending.Count > MaxEvents)
            _pending.Dequeue();
    }

    /// <summary>
    /// Adds a change of the backends or their expected shares, open until the next phase's first record.
    /// </summary>
    public void Change(string what, double at)
    {
        _openChanges.Add(Add(what, at));
        if (_openChanges.Count > MaxOpenChanges)
            _openChanges.RemoveAt(0);
    }

    private RecordedEvent Add(string what, double at)
    {
        var added = new RecordedEvent(what, TimeSpan.FromSeconds(at));
        _all.Add(added);
        if (_all.Count > MaxEvents)
            _all.RemoveAt(0);
        return added;
    }

    /// <summary>Takes the pending events that happened before a request started.</summary>
    public IEnumerable<RecordedEvent> TakeBefore(double start)
    {
        while (_pending.TryPeek(out var next) && start >= next.At.TotalSeconds)
            yield return _pending.Dequeue();
    }

    public bool HasOpenChangeSince(double at) => _openChanges.Exists(c => c.At.TotalSeconds >= at);

    /// <summary>The last open change before a request started; null when there is none.</summary>
    public RecordedEvent? OpenChangeBefore(double start) => _openChanges.FindLast(c => start >= c.At.TotalSeconds);

    /// <summary>Closes a change and all before it.</summary>
    public void Close(RecordedEvent change) => _openChanges.RemoveRange(0, _openChanges.LastIndexOf(change) + 1);
}
