using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>One node's memory of <c>sessionAffinity: ClientIP</c>: the backend a client address was given last.
/// Outlives the agent. At most <see cref="Capacity"/> clients; beyond it the new one replaces any. Not
/// thread-safe.</summary>
public sealed class AffinityMap
{
    /// <summary>Most entries, as many as Cilium's map holds by default (<c>bpf-lb-affinity-map-max</c> = 65,536 in its
    /// documentation).</summary>
    public const int Capacity = 65_536;

    private readonly Dictionary<(uint Client, TcpEndpoint Service), (int Backend, long LastUsed)> _entries = [];

    /// <summary>Whether no client has a backend.</summary>
    public bool IsEmpty => _entries.Count == 0;

    /// <summary>
    /// The backend of a client whose last segment is less than the timeout ago; 0 when there is none.
    /// </summary>
    public int Find(uint client, TcpEndpoint service, long nowTicks, long timeoutTicks) =>
        _entries.TryGetValue((client, service), out var entry) && nowTicks - entry.LastUsed < timeoutTicks
            ? entry.Backend
            : 0;

    /// <summary>Remembers a client's backend.</summary>
    public void Set(uint client, TcpEndpoint service, int backend, long nowTicks)
    {
        if (_entries.Count >= Capacity && !_entries.ContainsKey((client, service)))
            _entries.Remove(_entries.Keys.First());
        _entries[(client, service)] = (backend, nowTicks);
    }
}
