using CiliumDebugging.LoadTest.Attack.Records;

namespace CiliumDebugging.LoadTest.Pod;

/// <summary>The records of an attack in the order of completion, for readers that follow it. Bounded: past its capacity
/// the oldest are overwritten, and a reader that was too slow learns how many it missed.</summary>
/// <param name="capacity">Most records kept; default 262,144.</param>
public sealed class RecordLog(int capacity = 1 << 18) : IRecordSink
{
    private readonly Lock _lock = new();
    private RequestRecord[] _records = new RequestRecord[Math.Min(capacity, 1024)];
    private long _count;
    private bool _completed;

    // Made only once a reader waits: a record itself allocates nothing.
    private TaskCompletionSource? _more;

    public void Started(long sequence, TimeSpan intendedStart, TimeSpan start)
    {
        // Sequences have no gaps and every one gets a record, so a reader knows what is unresolved.
    }

    public void Add(in RequestRecord record)
    {
        TaskCompletionSource? waiting;
        lock (_lock)
        {
            if (_count == _records.Length && _records.Length < capacity)
                Array.Resize(ref _records, Math.Min(_records.Length * 2, capacity));
            _records[_count % _records.Length] = record;
            _count++;
            (waiting, _more) = (_more, null);
        }
        waiting?.TrySetResult();
    }

    /// <summary>Says that no more records come.</summary>
    public void Complete()
    {
        TaskCompletionSource? waiting;
        lock (_lock)
            (waiting, _more, _completed) = (_more, null, true);
        waiting?.TrySetResult();
    }

    /// <summary>Reads what has come since a position.</summary>
    /// <param name="position">Number of records read so far; moved on.</param>
    /// <param name="into">Gets the records.</param>
    /// <param name="missed">Records overwritten before they were read.</param>
    /// <param name="more">Completes when there is more to read.</param>
    /// <returns>False when everything has been read and no more records come.</returns>
    public bool Read(ref long position, List<RequestRecord> into, out long missed, out Task more)
    {
        ArgumentNullException.ThrowIfNull(into);
        lock (_lock)
        {
            var oldest = Math.Max(0, _count - _records.Length);
            missed = Math.Max(0, oldest - position);
            position = Math.Max(position, oldest);
            for (; position < _count; position++)
                into.Add(_records[position % _records.Length]);
            more = _completed
                ? Task.CompletedTask
                : (_more ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            return into.Count > 0 || missed > 0 || !_completed;
        }
    }
}
