using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>An entry of a <see cref="ConntrackMap"/>: what one client port's connections to one Service were given. 32
/// bytes.</summary>
internal struct ConntrackEntry
{
    /// <summary>Client address, client port and Service port, from the highest bit.</summary>
    public ulong ClientAndPort;

    /// <summary>Service address.</summary>
    public uint Service;

    /// <summary>Id of the backend that was chosen.</summary>
    public int Backend;

    /// <summary>The sweep that comes after this time deletes the entry; ticks of 100 ns.</summary>
    public long Expires;

    /// <summary>
    /// When the client closed its connection, ticks of 100 ns; <see cref="Open"/> or <see cref="SynOnly"/> while it has
    /// not.
    /// </summary>
    public long ClosedAt;

    /// <summary>The connection is open.</summary>
    public const long Open = long.MaxValue;

    /// <summary>Only SYNs of the client have been seen.</summary>
    public const long SynOnly = long.MaxValue - 1;

    /// <summary>An unused slot: no client has address 0 and port 0.</summary>
    public readonly bool IsEmpty => ClientAndPort == 0 && Service == 0;
}

/// <summary>The map that holds a node's service conntrack entries. Pinned: it outlives the agent, as Cilium's BPF maps
/// do. Open addressing with linear probing and deletion by shifting back, so that a look-up touches one or two cache
/// lines and nothing is allocated between two doublings. Not thread-safe.</summary>
public sealed class ConntrackMap
{
    private const int SmallestBits = 4;
    private ConntrackEntry[] _slots = new ConntrackEntry[1 << SmallestBits];
    private int _shift = 64 - SmallestBits;

    /// <summary>Number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>The entry of a client's 4-tuple towards a Service, or a null reference.</summary>
    internal ref ConntrackEntry Find(in FourTuple clientToService)
    {
        var (client, service) = (ClientAndPort(clientToService), clientToService.Destination.Address);
        var slots = _slots;
        var mask = slots.Length - 1;
        for (var i = Home(client, service); ; i = (i + 1) & mask)
        {
            ref var slot = ref slots[i & mask];
            if (slot.ClientAndPort == client && slot.Service == service)
                return ref slot;
            if (slot.IsEmpty)
                return ref System.Runtime.CompilerServices.Unsafe.NullRef<ConntrackEntry>();
        }
    }

    /// <summary>The entry of a client's 4-tuple towards a Service, a new one where there is none.</summary>
    internal ref ConntrackEntry FindOrAdd(in FourTuple clientToService)
    {
        // At most 3 of 4 slots are used: probes stay short (about 2.5 for a hit, 8.5 for a miss at the very limit).
        if (Count >= _slots.Length / 4 * 3)
            Grow();
        var (client, service) = (ClientAndPort(clientToService), clientToService.Destination.Address);
        var mask = _slots.Length - 1;
        for (var i = Home(client, service); ; i = (i + 1) & mask)
        {
            ref var slot = ref _slots[i];
            if (slot.ClientAndPort == client && slot.Service == service)
                return ref slot;
            if (!slot.IsEmpty)
                continue;
            (slot.ClientAndPort, slot.Service) = (client, service);
            Count++;
            return ref slot;
        }
    }

    /// <summary>Deletes the entries that had expired before a time, ticks of 100 ns: a sweep of the garbage
    /// collector.</summary>
    public void DeleteExpired(long beforeTicks)
    {
        for (var i = 0; i < _slots.Length; i++)
        {
            // What a deletion shifts back into this slot is looked at, too.
            while (!_slots[i].IsEmpty && _slots[i].Expires < beforeTicks)
                Delete(i);
        }
    }

    private void Delete(int hole)
    {
        var mask = _slots.Length - 1;
        for (var i = (hole + 1) & mask; !_slots[i].IsEmpty; i = (i + 1) & mask)
        {
            // An entry may move back to the hole unless its home lies behind the hole.
            var home = Home(_slots[i].ClientAndPort, _slots[i].Service);
            if (((i - home) & mask) < ((i - hole) & mask))
                continue;
            _slots[hole] = _slots[i];
            hole = i;
        }
        _slots[hole] = default;
        Count--;
    }

    private void Grow()
    {
        var old = _slots;
        _slots = new ConntrackEntry[old.Length * 2];
        _shift--;
        var mask = _slots.Length - 1;
        foreach (ref readonly var entry in old.AsSpan())
        {
            if (entry.IsEmpty)
                continue;
            var i = Home(entry.ClientAndPort, entry.Service);
            while (!_slots[i].IsEmpty)
                i = (i + 1) & mask;
            _slots[i] = entry;
        }
    }

    private static ulong ClientAndPort(in FourTuple t) =>
        ((ulong)t.Source.Address << 32) | ((ulong)t.Source.Port << 16) | t.Destination.Port;

    /// <summary>Fibonacci hashing: ports in sequence are spread over the whole table.</summary>
    private int Home(ulong client, uint service)
    {
        var mixed = client ^ ((ulong)service << 24) ^ (client >> 29);
        return (int)((mixed * 0x9E37_79B9_7F4A_7C15) >> _shift);
    }
}
