using System.Runtime.CompilerServices;
using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>
/// What a SYN makes of the service conntrack entry that a closed connection left behind. One whose end the node never
/// saw is reused by every release.
/// </summary>
public enum ConntrackReopen
{
    /// <summary>It reuses the entry and its backend, however old (before 1.12;
    /// https://github.com/cilium/cilium/issues/14250).</summary>
    Reuse,

    /// <summary>It chooses again when the connection has been closed for longer than the grace (1.12 to 1.15; commit
    /// a0d3c102f7).</summary>
    SelectAfterGrace,

    /// <summary>It always chooses again (1.16 and later; commit dcc3dcf02e).</summary>
    Select,
}

/// <summary>The service conntrack of one node's agent (https://github.com/cilium/cilium/issues/14250): a SYN to a
/// Service looks up (client, VIP) and reuses the stored backend, also when the entry belongs to a closed connection, as
/// <paramref name="reopen"/> says. The client's FIN closes one direction only and a service entry never sees replies,
/// so an entry outlives its connection, and the datapath does not look at the lifetime: an entry is used until a sweep
/// deletes it (<c>__ct_lookup</c> in bpf/lib/conntrack.h). Time is an argument. Not thread-safe.</summary>
/// <param name="lifetimeTicks">Lifetime of an entry after the client's last segment, in ticks of 100 ns
/// (<c>bpf-ct-timeout-service-tcp</c>).</param>
/// <param name="gcIntervalTicks">How often entries past their lifetime are deleted, in ticks of 100 ns
/// (<c>conntrack-gc-interval</c>); counted from the first look-up. 0: adaptive, as <see cref="GcInterval"/>
/// says.</param>
/// <param name="map">The pinned map; null for a new one.</param>
/// <param name="reopen">What a SYN makes of a closed entry.</param>
/// <param name="graceTicks">For <see cref="ConntrackReopen.SelectAfterGrace"/>: the grace, in ticks of 100 ns (60
/// s).</param>
/// <param name="closedLifetimeTicks">Lifetime of an entry after the client's FIN or RST, in ticks of 100 ns; 0: the
/// same as before.</param>
public sealed class ServiceConntrack(
    long lifetimeTicks,
    long gcIntervalTicks,
    ConntrackMap? map = null,
    ConntrackReopen reopen = ConntrackReopen.Reuse,
    long graceTicks = TimeSpan.TicksPerMinute,
    long closedLifetimeTicks = 0
)
{
    /// <summary>Lifetime of an entry whose client sent nothing after its SYN (CT_SYN_TIMEOUT, all releases).</summary>
    public const long SynLifetimeTicks = TimeSpan.TicksPerMinute;

    private readonly ConntrackMap _map = map ?? new ConntrackMap();
    private readonly long _synLifetimeTicks = Math.Min(SynLifetimeTicks, lifetimeTicks);
    private readonly long _closedLifetimeTicks = closedLifetimeTicks > 0 ? closedLifetimeTicks : lifetimeTicks;
    private long _gcIntervalTicks = gcIntervalTicks > 0 ? gcIntervalTicks : GcInterval.FirstTicks;
    private long _nextSweep = long.MinValue;

    /// <summary>Number of entries, also those past their lifetime that no sweep has deleted yet.</summary>
    public int Count => _map.Count;

    /// <summary>A SYN: the backend id stored for a client's 4-tuple towards a Service, or false when a backend must be
    /// chosen. A hit prolongs the entry and opens it again.</summary>
    public bool TryGet(in FourTuple clientToService, long nowTicks, out int backend)
    {
        if (nowTicks >= _nextSweep)
            Sweep(nowTicks);
        ref var entry = ref _map.Find(clientToService);
        if (Unsafe.IsNullRef(ref entry) || MustSelect(entry.ClosedAt, nowTicks))
        {
            backend = 0;
            return false;
        }
        Syn(ref entry, nowTicks);
        backend = entry.Backend;
        return true;
    }

    /// <summary>Stores a choice for a SYN, over an older one.</summary>
    public void Set(in FourTuple clientToService, int backend, long nowTicks)
    {
        ref var entry = ref _map.FindOrAdd(clientToService);
        if (entry.Backend == 0)
            entry.ClosedAt = ConntrackEntry.SynOnly;
        Syn(ref entry, nowTicks);
        entry.Backend = backend;
    }

    /// <summary>A further segment of the client, neither SYN nor FIN nor RST.</summary>
    /// <returns>The backend of the connection; 0 when there is no entry.</returns>
    public int Continue(in FourTuple clientToService, long nowTicks)
    {
        ref var entry = ref _map.Find(clientToService);
        if (Unsafe.IsNullRef(ref entry))
            return 0;
        (entry.Expires, entry.ClosedAt) = (nowTicks + lifetimeTicks, ConntrackEntry.Open);
        return entry.Backend;
    }

    /// <summary>The client closes its connection with FIN or RST: the entry is closed in one direction.</summary>
    /// <returns>The backend of the connection; 0 when there is no entry.</returns>
    public int Close(in FourTuple clientToService, long nowTicks)
    {
        ref var entry = ref _map.Find(clientToService);
        if (Unsafe.IsNullRef(ref entry))
            return 0;
        (entry.Expires, entry.ClosedAt) = (nowTicks + _closedLifetimeTicks, nowTicks);
        return entry.Backend;
    }

    /// <summary>A SYN opens the entry. It gets its full lifetime only when more than SYNs have been seen.</summary>
    private void Syn(ref ConntrackEntry entry, long nowTicks)
    {
        if (entry.ClosedAt == ConntrackEntry.SynOnly)
            entry.Expires = nowTicks + _synLifetimeTicks;
        else
            (entry.Expires, entry.ClosedAt) = (nowTicks + lifetimeTicks, ConntrackEntry.Open);
    }

    private bool MustSelect(long closedAt, long nowTicks) =>
        reopen switch
        {
            ConntrackReopen.Reuse => false,
            ConntrackReopen.SelectAfterGrace => closedAt < ConntrackEntry.SynOnly && nowTicks - closedAt >= graceTicks,
            _ => closedAt < ConntrackEntry.SynOnly,
        };

    /// <summary>
    /// The sweeps that were due since the last call, each of what had expired by then, not by now. With a fixed
    /// interval only the latest of them matters.
    /// </summary>
    private void Sweep(long nowTicks)
    {
        if (_nextSweep == long.MinValue)
        {
            _nextSweep = nowTicks + _gcIntervalTicks;
            return;
        }
        if (gcIntervalTicks > 0)
            _nextSweep = nowTicks - (nowTicks - _nextSweep) % gcIntervalTicks;
        while (nowTicks >= _nextSweep)
        {
            var before = _map.Count;
            _map.DeleteExpired(_nextSweep);
            if (gcIntervalTicks <= 0)
                _gcIntervalTicks = GcInterval.Next(_gcIntervalTicks, before - _map.Count);
            _nextSweep += _gcIntervalTicks;
        }
    }
}
