using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>A backend of a Service.</summary>
/// <param name="Id">Identifies the backend for as long as it exists, from 1; never given again.</param>
/// <param name="Address">Address and target port.</param>
/// <param name="Node">Number of its node (<see cref="NodeNumbers"/>); -1 where unknown.</param>
/// <param name="Zone">The zone that it has a hint for (EndpointSlice, <c>hints.forZones</c>); null: no hint.</param>
/// <param name="Weight">Its weight against the other backends, 1–65535; only Maglev looks at it. Default 100, as in
/// Cilium.</param>
public readonly record struct ServiceBackend(
    int Id,
    TcpEndpoint Address,
    int Node = -1,
    string? Zone = null,
    ushort Weight = 100
);

/// <summary>A Service port with its ready backends.</summary>
/// <param name="Frontend">Virtual address and Service port; address 0 and a node port: the Service on every node's own
/// address.</param>
/// <param name="Backends">Ready backends.</param>
/// <param name="Traits">What the Service's spec says about the choice; null for nothing.</param>
public sealed record ServiceFrontend(
    TcpEndpoint Frontend,
    ImmutableArray<ServiceBackend> Backends,
    ServiceTraits? Traits = null
)
{
    private readonly BackendIndex _byId = new(Backends);
    private readonly BackendGroup _all = new(Backends);
    private readonly ConcurrentDictionary<int, BackendGroup> _byNode = new();
    private readonly ConcurrentDictionary<string, BackendGroup> _byZone = new(StringComparer.Ordinal);

    /// <summary>What the Service's spec says about the choice.</summary>
    public ServiceTraits Choice { get; } = Traits ?? ServiceTraits.None;

    /// <summary>The backend with this id, or false when it is no longer one.</summary>
    public bool TryGet(int id, out TcpEndpoint backend) => _byId.TryGetValue(id, out backend);

    /// <summary>Whether it has session affinity; every connection looks.</summary>
    internal bool HasAffinity { get; } = Traits?.AffinityTicks is not null;

    /// <summary>The backends that come into question for clients of a node.</summary>
    /// <param name="node">The node's number.</param>
    /// <param name="zone">Its zone; null where it has none.</param>
    /// <param name="follows">Which preferences for a zone it follows.</param>
    public BackendGroup GroupFor(int node, string? zone, ZonePreference follows) =>
        Choice.Locality switch
        {
            BackendLocality.NodeOnly => _byNode.GetOrAdd(node, n => new BackendGroup([
                .. Backends.Where(b => b.Node == n),
            ])),
            BackendLocality.PreferClose when zone is not null && follows is not ZonePreference.None => InZone(zone),
            BackendLocality.PreferSameZone when zone is not null && follows is ZonePreference.All => InZone(zone),
            _ => _all,
        };

    private BackendGroup InZone(string zone) =>
        _byZone.GetOrAdd(zone, z =>
            Backends.All(b => b.Zone is not null) && Backends.Any(b => b.Zone == z)
                ? new BackendGroup([.. Backends.Where(b => b.Zone == z)])
                : _all
        );
}

/// <summary>All Services of the cluster: an immutable snapshot, swapped whole when Services or their endpoints
/// change.</summary>
public sealed class ServiceTable
{
    private readonly FrozenDictionary<TcpEndpoint, ServiceFrontend> _frontends;
    private readonly FrozenDictionary<ushort, ServiceFrontend> _nodePorts;

    /// <summary>A table of these frontends.</summary>
    public ServiceTable(IEnumerable<ServiceFrontend> frontends)
    {
        var byKind = frontends.ToLookup(f => f.Frontend.Address == 0);
        _frontends = byKind[false].ToFrozenDictionary(f => f.Frontend);
        _nodePorts = byKind[true].ToFrozenDictionary(f => f.Frontend.Port);
    }

    /// <summary>No Services.</summary>
    public static ServiceTable Empty { get; } = new([]);

    /// <summary>All frontends with a virtual address.</summary>
    public IEnumerable<ServiceFrontend> Frontends => _frontends.Values;

    /// <summary>All node ports.</summary>
    public IEnumerable<ServiceFrontend> NodePorts => _nodePorts.Values;

    /// <summary>The Service at a node port, if it is one.</summary>
    public bool TryGetNodePort(ushort port, out ServiceFrontend? service) => _nodePorts.TryGetValue(port, out service);

    /// <summary>The Service at an address, if it is one.</summary>
    public bool TryGet(in TcpEndpoint destination, out ServiceFrontend? service) =>
        _frontends.TryGetValue(destination, out service);
}
