using System.Runtime.CompilerServices;
using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>What a SYN makes of the service conntrack entry that a closed connection left behind.</summary>
public enum ConntrackReopen
{
    /// <summary>It reuses the entry and its backend, however old (before 1.12;
    /// https://github.com/cilium/cilium/issues/14250).</summary>
    Reuse,

    /// <summary>It chooses again when the connection has been closed for longer than the grace (1.12, inferred from
    /// https://github.com/cilium/cilium/issues/19451 and #19800).</summary>
    SelectAfterGrace,

    /// <summary>It always chooses again (current code; the version in which that began is not known).</summary>
    Select,
}

/// <summary>The service conntrack of one node's agent (https://github.com/cilium/cilium/issues/14250): a SYN to a
/// Service looks up (client, VIP) and reuses the stored backend, also when the entry belongs to a closed connection.
/// The client's FIN closes one direction only and a service entry never sees replies, so an entry outlives its
/// connection by its whole lifetime, and the datapath does not look at the lifetime: an entry is used until a sweep
/// deletes it (<c>__ct_lookup</c> in bpf/lib/conntrack.h). Time is an argument. Not thread-safe.</summary>
/// <param name="lifetimeTicks">Lifetime of an entry after the client's last segment, in ticks of 100 ns
/// (<c>bpf-ct-timeout-service-tcp</c>).</param>
/// <param name="gcIntervalTicks">How often entries past their lifetime are deleted, in ticks of 100 ns
/// (<c>conntrack-gc-interval</c>); counted from the first look-up.</param>
/// <param name="map">The pinned map; null for a new one.</param>
/// <param name="reopen">What a SYN makes of a closed entry.</param>
/// <param name="graceTicks">For <see cref="ConntrackReopen.SelectAfterGrace"/>: the grace, in ticks of 100 ns (60
/// s).</param>
public sealed class ServiceConntrack(
    long lifetimeTicks,
    long gcIntervalTicks,
    ConntrackMap? map = null,
    ConntrackReopen reopen = ConntrackReopen.Reuse,
    long graceTicks = TimeSpan.TicksPerMinute
)
{
    private const long Open = long.MaxValue;
    private readonly ConntrackMap _map = map ?? new ConntrackMap();
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
        (entry.Expires, entry.ClosedAt) = (nowTicks + lifetimeTicks, Open);
        backend = entry.Backend;
        return true;
    }

    /// <summary>Stores a choice, over an older one.</summary>
    public void Set(in FourTuple clientToService, int backend, long nowTicks)
    {
        ref var entry = ref _map.FindOrAdd(clientToService);
        (entry.Backend, entry.Expires, entry.ClosedAt) = (backend, nowTicks + lifetimeTicks, Open);
    }

    /// <summary>The client closes its connection: its FIN is one more segment of the connection, and the entry is
    /// closed in one direction.</summary>
    public void Close(in FourTuple clientToService, long nowTicks)
    {
        ref var entry = ref _map.Find(clientToService);
        if (!Unsafe.IsNullRef(ref entry))
            (entry.Expires, entry.ClosedAt) = (nowTicks + lifetimeTicks, nowTicks);
    }

    private bool MustSelect(long closedAt, long nowTicks) =>
        reopen switch
        {
            ConntrackReopen.Reuse => false,
            ConntrackReopen.SelectAfterGrace => closedAt != Open && nowTicks - closedAt >= graceTicks,
            _ => closedAt != Open,
        };

    /// <summary>The sweeps that were due since the last call: only the latest of them matters, and it deletes what had
    /// expired by then, not by now.</summary>
    private void Sweep(long nowTicks)
    {
        if (_nextSweep == long.MinValue)
        {
            _nextSweep = nowTicks + gcIntervalTicks;
            return;
        }
        var due = nowTicks - (nowTicks - _nextSweep) % gcIntervalTicks;
        _map.DeleteExpired(due);
        _nextSweep = due + gcIntervalTicks;
    }
}
