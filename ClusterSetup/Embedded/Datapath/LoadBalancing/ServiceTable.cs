using System.Collections.Frozen;
using System.Collections.Immutable;

namespace CiliumDebugging.ClusterSetup.Embedded.Datapath.LoadBalancing;

/// <summary>A backend of a Service.</summary>
/// <param name="Id">Identifies the backend for as long as it exists; never given again.</param>
/// <param name="Address">Address and target port.</param>
public readonly record struct ServiceBackend(int Id, TcpEndpoint Address);

/// <summary>A Service port with its ready backends.</summary>
/// <param name="Frontend">Virtual address and Service port.</param>
/// <param name="Backends">Ready backends.</param>
public sealed record ServiceFrontend(TcpEndpoint Frontend, ImmutableArray<ServiceBackend> Backends)
{
    private readonly FrozenDictionary<int, TcpEndpoint> _byId = Backends.ToFrozenDictionary(b => b.Id, b => b.Address);

    /// <summary>The backend with this id, or false when it is no longer one.</summary>
    public bool TryGet(int id, out TcpEndpoint backend) => _byId.TryGetValue(id, out backend);
}

/// <summary>All Services of the cluster: an immutable snapshot, swapped whole when Services or their endpoints change.</summary>
public sealed class ServiceTable
{
    private readonly FrozenDictionary<TcpEndpoint, ServiceFrontend> _frontends;

    /// <summary>A table of these frontends.</summary>
    public ServiceTable(IEnumerable<ServiceFrontend> frontends) => _frontends = frontends.ToFrozenDictionary(f => f.Frontend);

    /// <summary>No Services.</summary>
    public static ServiceTable Empty { get; } = new([]);

    /// <summary>All frontends.</summary>
    public IEnumerable<ServiceFrontend> Frontends => _frontends.Values;

    /// <summary>The Service at an address, if it is one.</summary>
    public bool TryGet(in TcpEndpoint destination, out ServiceFrontend? service) => _frontends.TryGetValue(destination, out service);
}
