using System.Collections.Frozen;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Policies;

namespace CiliumDebugging.Datapath.Forwarding;

/// <summary>A Pod as the datapath knows it.</summary>
/// <param name="Namespace">Namespace.</param>
/// <param name="Name">Name.</param>
/// <param name="NodeName">Its node.</param>
/// <param name="Address">Its address.</param>
/// <param name="Uid">metadata.uid.</param>
/// <param name="Identity">Its labels, as policies see them.</param>
public sealed record PodEntry(
    string Namespace,
    string Name,
    string NodeName,
    uint Address,
    string Uid,
    EndpointIdentity Identity
)
{
    /// <summary><c>namespace/pod</c>, as Hubble names it.</summary>
    public string HubbleName { get; } = $"{Namespace}/{Name}";

    /// <summary>Its node's number in <see cref="NodeNumbers"/>.</summary>
    internal int NodeNumber { get; } = NodeNumbers.Of(NodeName);

    /// <summary>The Pod as the other end of a flow.</summary>
    public Peer Peer => new(Identity, Address);
}

/// <summary>What all agents know of the cluster: an immutable snapshot, swapped whole.</summary>
/// <param name="Pods">Pods with an address, by address.</param>
/// <param name="Services">Services and their ready backends.</param>
/// <param name="Policies">Compiled policies.</param>
/// <param name="Identities">The identities of Pods and of the reserved ones.</param>
public sealed record ClusterSnapshot(
    FrozenDictionary<uint, PodEntry> Pods,
    ServiceTable Services,
    PolicySet Policies,
    IdentityTable Identities
)
{
    private PodTable? _table;

    /// <summary>Pods with an address, by address.</summary>
    public FrozenDictionary<uint, PodEntry> Pods
    {
        get;
        init => (field, _table) = (value, null);
    } = Pods;

    /// <summary>The same, laid out for the way of a connection; built at first use.</summary>
    internal PodTable Table => _table ??= new PodTable(Pods);

    /// <summary>A cluster without Pods, Services and policies.</summary>
    public static ClusterSnapshot Empty(IdentityTable identities) =>
        new(FrozenDictionary<uint, PodEntry>.Empty, ServiceTable.Empty, PolicySet.Create([], identities), identities);
}
