using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Sockets;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Forwarding;

/// <summary>The datapath state of one node: its agent's settings, its service conntrack and the namespace its proxy's
/// sockets live in. Built anew when the agent restarts; the conntrack map is pinned and outlives the agent, as Cilium's
/// BPF maps do.</summary>
public sealed class NodeDatapath
{
    private readonly Lock? _lock;
    private readonly PinnedMaps _maps;
    private readonly ServiceConntrack? _conntrack;
    private readonly bool _seesFin;
    private readonly AffinityMap _affinity;
    private readonly ServiceLoadBalancer _loadBalancer;

    /// <summary>A node.</summary>
    /// <param name="name">Node name.</param>
    /// <param name="address">Node address: the source of its proxy's connections when they do not use the original
    /// one.</param>
    /// <param name="config">The agent's settings.</param>
    /// <param name="sockets">The namespace of its proxy's sockets: its own, or one shared by all nodes.</param>
    /// <param name="isShared">Whether several threads use it; the simulator's one thread needs no lock.</param>
    /// <param name="zone">Its zone (label topology.kubernetes.io/zone); null: none.</param>
    public NodeDatapath(
        string name,
        uint address,
        CiliumConfig config,
        SocketTable sockets,
        bool isShared = true,
        string? zone = null
    )
        : this(name, address, config, sockets, zone, new PinnedMaps(isShared ? new Lock() : null)) { }

    private NodeDatapath(
        string name,
        uint address,
        CiliumConfig config,
        SocketTable sockets,
        string? zone,
        PinnedMaps maps
    )
    {
        ArgumentNullException.ThrowIfNull(config);
        (Name, Address, Config, Sockets, Zone, _maps) = (name, address, config, sockets, zone, maps);
        _lock = maps.Lock;
        _seesFin = config.SeesFin;
        UsesOriginalSource = config.OriginalSourceAllowed;
        RefusesWithoutBackend = !config.IsKubeProxy && ReleaseChanges.NoBackendIsRefused.In(config.Version);
        _affinity = maps.Affinity;
        _conntrack = config.SocketLoadBalancing
            ? null
            : new ServiceConntrack(
                config.ServiceConntrackTimeout.Ticks,
                config.ConntrackGcInterval.Ticks,
                maps.Conntrack,
                config.ConntrackReopen,
                config.ConntrackReopenGrace.Ticks,
                config.ClosedConntrackTimeout.Ticks
            );
        _loadBalancer = new ServiceLoadBalancer(
            _conntrack,
            new ServiceChoice(
                config.BackendSelection,
                config.MaglevTableSize,
                NodeNumbers.Of(name),
                zone,
                maps.Affinity,
                address,
                config.ZonePreference
            )
        );
    }

    /// <summary>This node after its agent has restarted: with other settings and sockets, and the same pinned
    /// maps.</summary>
    public NodeDatapath Restarted(CiliumConfig config, SocketTable sockets) =>
        new(Name, Address, config, sockets, Zone, _maps);

    /// <summary>Node name.</summary>
    public string Name { get; }

    /// <summary>Node address.</summary>
    public uint Address { get; }

    /// <summary>Its zone; null: none.</summary>
    public string? Zone { get; }

    /// <summary>The agent's settings.</summary>
    public CiliumConfig Config { get; }

    /// <summary>Whether its egress proxy uses the original source towards other nodes.</summary>
    public bool UsesOriginalSource { get; }

    /// <summary>Whether a connection to a Service without a backend is refused, which counts as a drop.</summary>
    public bool RefusesWithoutBackend { get; }

    /// <summary>The namespace its proxy's sockets live in.</summary>
    public SocketTable Sockets { get; }

    /// <summary>Service translation on this node (see <see cref="ServiceLoadBalancer.Translate"/>). Thread-safe when
    /// shared.</summary>
    public ServiceLookup Translate(
        ServiceTable services,
        in FourTuple syn,
        long nowTicks,
        Random random,
        out TcpEndpoint backend
    )
    {
        if (_lock is null)
            return _loadBalancer.Translate(services, syn, nowTicks, random, out backend);
        lock (_lock)
            return _loadBalancer.Translate(services, syn, nowTicks, random, out backend);
    }

    /// <summary>A client on this node sends more on a connection that it had dialled: whatever follows the SYN.
    /// Thread-safe when shared.</summary>
    public void Continue(ServiceTable services, in FourTuple syn, long nowTicks)
    {
        if (_lock is null)
            _loadBalancer.Continue(services, syn, nowTicks, isLast: false);
        else
            lock (_lock)
                _loadBalancer.Continue(services, syn, nowTicks, isLast: false);
    }

    /// <summary>A client on this node closes a connection that it had dialled. Thread-safe when shared.</summary>
    public void Close(ServiceTable services, in FourTuple syn, long nowTicks)
    {
        if (_conntrack is null)
            return;
        // The short way, for every connection of a Service without session affinity.
        if (_lock is null && _seesFin && _affinity.IsEmpty)
            _conntrack.Close(syn, nowTicks);
        else
            CloseLocked(services, syn, nowTicks);
    }

    private void CloseLocked(ServiceTable services, in FourTuple syn, long nowTicks)
    {
        if (_lock is null)
            _loadBalancer.Continue(services, syn, nowTicks, _seesFin);
        else
            lock (_lock)
                _loadBalancer.Continue(services, syn, nowTicks, _seesFin);
    }

    /// <summary>What outlives an agent, with the lock that guards it; null: one thread uses it.</summary>
    private sealed record PinnedMaps(Lock? Lock)
    {
        public ConntrackMap Conntrack { get; } = new();

        public AffinityMap Affinity { get; } = new();
    }
}
