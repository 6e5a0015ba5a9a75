namespace CiliumDebugging.LoadTest.Attack;

/// <summary>The exchanges in flight in the order of their start; intrusive, so it allocates nothing.</summary>
internal sealed class InFlightList
{
    private EpollConnection? _newest;

    public EpollConnection? Oldest { get; private set; }

    public int Count { get; private set; }

    public void Add(EpollConnection connection)
    {
        connection.Older = _newest;
        connection.Newer = null;
        if (_newest is null)
            Oldest = connection;
        else
            _newest.Newer = connection;
        _newest = connection;
        Count++;
    }

    public void Remove(EpollConnection connection)
    {
        if (connection.Older is null)
            Oldest = connection.Newer;
        else
            connection.Older.Newer = connection.Newer;
        if (connection.Newer is null)
            _newest = connection.Older;
        else
            connection.Newer.Older = connection.Older;
        connection.Older = connection.Newer = null;
        Count--;
    }
}
