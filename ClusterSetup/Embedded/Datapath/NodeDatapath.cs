using CiliumDebugging.ClusterSetup.Embedded.Datapath.LoadBalancing;
using CiliumDebugging.ClusterSetup.Embedded.Datapath.Settings;
using CiliumDebugging.ClusterSetup.Embedded.Datapath.Sockets;

namespace CiliumDebugging.ClusterSetup.Embedded.Datapath;

/// <summary>
/// The datapath state of one node: its agent's settings, its service conntrack and the namespace its proxy's sockets live in. Built anew when the agent restarts;
/// the conntrack map is pinned and outlives the agent, as Cilium's BPF maps do.
/// </summary>
public sealed class NodeDatapath
{
    private readonly Lock _lock = new();
    private readonly ServiceLoadBalancer _loadBalancer;

    /// <summary>A node.</summary>
    /// <param name="name">Node name.</param>
    /// <param name="address">Node address: the source of its proxy's connections when they do not use the original one.</param>
    /// <param name="config">The agent's settings.</param>
    /// <param name="sockets">The namespace of its proxy's sockets: its own, or one shared by all nodes.</param>
    public NodeDatapath(string name, uint address, CiliumConfig config, SocketTable sockets)
    {
        ArgumentNullException.ThrowIfNull(config);
        (Name, Address, Config, Sockets) = (name, address, config, sockets);
        var conntrack = config.SocketLoadBalancing ? null : new ServiceConntrack(config.ServiceConntrackTimeout.Ticks, config.ConntrackGcInterval.Ticks);
        _loadBalancer = new ServiceLoadBalancer(conntrack);
    }

    /// <summary>Node name.</summary>
    public string Name { get; }

    /// <summary>Node address.</summary>
    public uint Address { get; }

    /// <summary>The agent's settings.</summary>
    public CiliumConfig Config { get; }

    /// <summary>The namespace its proxy's sockets live in.</summary>
    public SocketTable Sockets { get; }

    /// <summary>Service translation on this node (see <see cref="ServiceLoadBalancer.Translate"/>). Thread-safe.</summary>
    public ServiceLookup Translate(ServiceTable services, in FourTuple syn, long nowTicks, Random random, out TcpEndpoint backend)
    {
        lock (_lock) return _loadBalancer.Translate(services, syn, nowTicks, random, out backend);
    }
}
