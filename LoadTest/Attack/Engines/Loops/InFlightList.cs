namespace CiliumDebugging.LoadTest.Attack.Engines.Loops;

/// <summary>The exchanges in flight in the order of their start; intrusive, so it allocates nothing.</summary>
internal sealed class InFlightList<TExchange>
    where TExchange : Exchange
{
    private Exchange? _oldest;
    private Exchange? _newest;

    public TExchange? Oldest => (TExchange?)_oldest;

    public int Count { get; private set; }

    public void Add(TExchange exchange)
    {
        exchange.Older = _newest;
        exchange.Newer = null;
        if (_newest is null)
            _oldest = exchange;
        else
            _newest.Newer = exchange;
        _newest = exchange;
        Count++;
    }

    public void Remove(TExchange exchange)
    {
        if (exchange.Older is null)
            _oldest = exchange.Newer;
        else
            exchange.Older.Newer = exchange.Newer;
        if (exchange.Newer is null)
            _newest = exchange.Older;
        else
            exchange.Newer.Older = exchange.Older;
        exchange.Older = exchange.Newer = null;
        Count--;
    }
}
