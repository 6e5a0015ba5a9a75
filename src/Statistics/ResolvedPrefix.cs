using System.Diagnostics.CodeAnalysis;

namespace CiliumDebugging.Statistics;

/// <summary>One released request.</summary>
/// <param name="Sequence">Position in the order of starts, from 0.</param>
/// <param name="IsResolved">False when its outcome never came: the request counts as unattributed.</param>
/// <param name="Outcome">The outcome; default where not resolved.</param>
public readonly record struct PrefixItem<T>(long Sequence, bool IsResolved, T? Outcome);

/// <summary>Releases requests in the order of their START, up to the oldest one whose outcome is still unknown.
/// Successes return in milliseconds and failures after a second or more: in the order of completion an even split looks
/// skewed. Not thread-safe.</summary>
/// <remarks>Something that is not a request (an applied policy, a changed set of backends) takes its place in the order
/// by <see cref="Begin"/> and <see cref="Resolve"/> at once.</remarks>
public sealed class ResolvedPrefix<T>
{
    private readonly int _capacity;
    private (bool Resolved, T? Outcome)[] _ring = new (bool, T?)[16];
    private long _first;
    private long _next;
    private long _forcedBefore;

    /// <param name="capacity">Most requests held back, ≥ 1, default 1,048,576. When one more begins, the oldest ones
    /// are released, unresolved if need be, rather than lost.</param>
    public ResolvedPrefix(int capacity = 1 << 20)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
    }

    /// <summary>Requests that have begun and are not released.</summary>
    public long Pending => _next - _first;

    /// <summary>Outcomes that came after their request had to be released unresolved.</summary>
    public long Late { get; private set; }

    /// <summary>A request starts. Returns its sequence number, to be given to <see cref="Resolve"/>.</summary>
    public long Begin()
    {
        if (Pending == _ring.Length)
            Grow();
        this[_next] = default;
        _next++;
        // Beyond the capacity the oldest is given up; it leaves with the next TryRelease.
        _forcedBefore = Math.Max(_forcedBefore, _next - _capacity);
        return _next - 1;
    }

    /// <summary>The outcome of a request is known. Ignored (and counted as <see cref="Late"/>) if the request was
    /// already released.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No request with this number has begun.</exception>
    /// <exception cref="InvalidOperationException">The request was resolved before.</exception>
    public void Resolve(long sequence, T outcome)
    {
        if (sequence < 0 || sequence >= _next)
            throw new ArgumentOutOfRangeException(nameof(sequence), sequence, "No request with this number has begun.");
        if (sequence < _first)
        {
            Late++;
            return;
        }
        ref var entry = ref this[sequence];
        if (entry.Resolved)
            throw new InvalidOperationException($"Request {sequence} already has an outcome.");
        entry = (true, outcome);
    }

    /// <summary>No further outcome comes: everything is released, unresolved if need be.</summary>
    public void Complete() => _forcedBefore = _next;

    /// <summary>Takes the next request in the order of starts; false when it is still open or nothing is
    /// left.</summary>
    public bool TryRelease([MaybeNullWhen(false)] out PrefixItem<T> item)
    {
        item = default;
        if (_first == _next || (!this[_first].Resolved && _first >= _forcedBefore))
            return false;
        var (resolved, outcome) = this[_first];
        item = new PrefixItem<T>(_first, resolved, outcome);
        this[_first] = default;
        _first++;
        return true;
    }

    private ref (bool Resolved, T? Outcome) this[long sequence] => ref _ring[sequence & (_ring.Length - 1)];

    private void Grow()
    {
        var larger = new (bool, T?)[_ring.Length * 2];
        for (var sequence = _first; sequence < _next; sequence++)
            larger[sequence & (larger.Length - 1)] = this[sequence];
        _ring = larger;
    }
}
