using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>A container port that policies can name.</summary>
/// <param name="Name">The port's name in the pod, lower case.</param>
/// <param name="Port">1–65535.</param>
/// <param name="Protocol">The protocol of the container port.</param>
public readonly record struct NamedPort(string Name, ushort Port, L4Protocol Protocol);

/// <summary>What policy knows of an endpoint: its labels (and port names). Pods with equal labels share one identity,
/// as in Cilium, so a pod's name, node and address belong to the pod's owner. Obtained from an
/// <see cref="IdentityTable"/>; two identities of one table are equal exactly when they are the same object.</summary>
public sealed class EndpointIdentity
{
    internal EndpointIdentity(
        IdentityTable table,
        int id,
        ImmutableArray<Label> labels,
        ImmutableArray<NamedPort> namedPorts
    )
    {
        (Table, Id, Labels, NamedPorts) = (table, id, labels, namedPorts);
        IsHost = HasReserved("host");
        IsExternal = HasReserved("world");
        IsEndpoint =
            labels.Any(l => l is { Source: Label.Kubernetes, Key: Label.PodNamespace })
            || HasReserved("init")
            || HasReserved("health");
    }

    internal IdentityTable Table { get; }

    /// <summary>Dense number within its table, from 0.</summary>
    public int Id { get; }

    /// <summary>The labels, sorted by source and key.</summary>
    public ImmutableArray<Label> Labels { get; }

    /// <summary>
    /// The port names of the endpoint, sorted; they decide what a named port in an ingress rule means.
    /// </summary>
    public ImmutableArray<NamedPort> NamedPorts { get; }

    /// <summary>Whether this is the host of the subject's own node (<c>reserved:host</c>).</summary>
    public bool IsHost { get; }

    /// <summary>Whether the endpoint is outside the cluster; only then do CIDR rules look at its address (cilium: CIDR
    /// rules do not apply to traffic from the cluster or the local host).</summary>
    public bool IsExternal { get; }

    /// <summary>Whether policies can select it as a subject; hosts and the world are peers only (host policies are not
    /// enforced here).</summary>
    public bool IsEndpoint { get; }

    private bool HasReserved(string name) => Labels.Any(l => l.Source == Label.Reserved && l.Key == name);

    public override string ToString() => string.Join(',', Labels);
}

/// <summary>The other end of a connection.</summary>
/// <param name="Identity">Who it is.</param>
/// <param name="Address">Its IPv4 address as a number (most significant byte first); only looked at when the identity
/// is external.</param>
public readonly record struct Peer(EndpointIdentity Identity, uint Address);
