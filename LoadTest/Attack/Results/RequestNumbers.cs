namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>Which requests have a record. Memory for those alone that are ahead of a missing one: records are nearly in
/// the order of their numbers.</summary>
internal sealed class RequestNumbers
{
    private readonly HashSet<long> _ahead = [];
    private long _next;

    /// <summary>The highest number; -1 without a record.</summary>
    public long Highest { get; private set; } = -1;

    /// <summary>Numbers up to the highest without a record.</summary>
    public long Missing => Highest + 1 - _next - _ahead.Count;

    /// <summary>Adds the number of a record; false when it has one already.</summary>
    public bool Add(long number)
    {
        Highest = Math.Max(Highest, number);
        if (number < _next || !_ahead.Add(number))
            return false;
        while (_ahead.Remove(_next))
            _next++;
        return true;
    }
}
