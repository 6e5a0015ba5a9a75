namespace CiliumDebugging.ClusterSetup.Embedded.Datapath.LoadBalancing;

/// <summary>
/// One node's conntrack entries of service connections (cil#14250): a SYN to a Service looks up (client, VIP) and reuses the stored backend, also when
/// the entry belongs to a closed connection, because a service entry outlives its connection until its lifetime has passed. Time is an argument. Not thread-safe.
/// </summary>
/// <param name="lifetimeTicks">How long after its last SYN an entry lives, in ticks of 100 ns (<c>bpf-ct-timeout-service-tcp</c>).</param>
/// <param name="gcIntervalTicks">How often dead entries are swept, in ticks of 100 ns (<c>conntrack-gc-interval</c>); an entry past its lifetime is dead whether swept or not.</param>
public sealed class ServiceConntrack(long lifetimeTicks, long gcIntervalTicks)
{
    private readonly Dictionary<FourTuple, Entry> _entries = [];
    private long _nextSweep = long.MinValue;

    private record struct Entry(int Backend, long LastSeen);

    /// <summary>Number of entries, dead ones that were not swept yet included.</summary>
    public int Count => _entries.Count;

    /// <summary>The backend id stored for a client's 4-tuple towards a Service, or false when there is none alive. A hit prolongs the entry.</summary>
    public bool TryGet(in FourTuple clientToService, long nowTicks, out int backend)
    {
        Sweep(nowTicks);
        ref var entry = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrNullRef(_entries, clientToService);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref entry) || nowTicks - entry.LastSeen > lifetimeTicks)
        {
            backend = 0;
            return false;
        }
        entry.LastSeen = nowTicks;
        backend = entry.Backend;
        return true;
    }

    /// <summary>Stores a choice, over an older one.</summary>
    public void Set(in FourTuple clientToService, int backend, long nowTicks) => _entries[clientToService] = new Entry(backend, nowTicks);

    private void Sweep(long nowTicks)
    {
        if (nowTicks < _nextSweep) return;
        if (_nextSweep != long.MinValue)
        {
            foreach (var (key, entry) in _entries)
                if (nowTicks - entry.LastSeen > lifetimeTicks) _entries.Remove(key);
        }
        _nextSweep = nowTicks + gcIntervalTicks;
    }
}
