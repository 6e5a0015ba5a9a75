using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Sockets;

namespace CiliumDebugging.Datapath.Forwarding;

/// <summary>What becomes of a SYN.</summary>
public enum HopAction
{
    /// <summary>It reaches the destination Pod.</summary>
    ToPod,

    /// <summary>The source side's L7 policy redirects it to the proxy of the client's node.</summary>
    ToEgressProxy,

    /// <summary>The destination side's L7 policy redirects it to the proxy of the destination's node.</summary>
    ToIngressProxy,

    /// <summary>Policy denies it: dropped without an answer.</summary>
    Drop,

    /// <summary>The ingress redirect's socket lookup hit another socket with the same 4-tuple: the SYN never reaches the listener (drop reason TCP_INVALID_SYN).</summary>
    LostAtRedirect,

    /// <summary>connect(2) fails with EADDRNOTAVAIL: another socket has the same ends.</summary>
    AddressNotAvailable,

    /// <summary>The Service has no backend, or nobody has the address: reset.</summary>
    Reset,
}

/// <summary>A decision on one SYN, and what the next hop needs to know.</summary>
/// <param name="Action">What becomes of it.</param>
/// <param name="Source">The Pod it comes from; null: the identity <c>host</c>.</param>
/// <param name="Destination">The Pod it goes to, after service translation; null where there is none.</param>
/// <param name="Client">Original source: address and port of the client's socket.</param>
/// <param name="Backend">Destination after service translation.</param>
/// <param name="Wire">Source and destination on the wire: the source is a proxy's when it did not use the original one.</param>
/// <param name="HttpRules">For a redirect: the rules the proxy enforces.</param>
/// <param name="Node">The node that decides: the client's for egress, the destination's for ingress.</param>
/// <param name="Reason">For Drop and LostAtRedirect: Cilium's drop reason.</param>
/// <param name="FromEgressProxy">Whether the egress proxy sent it, which has the client's egress policy behind it.</param>
public readonly record struct Hop(
    HopAction Action,
    PodEntry? Source,
    PodEntry? Destination,
    TcpEndpoint Client,
    TcpEndpoint Backend,
    FourTuple Wire,
    HttpRuleSet? HttpRules,
    NodeDatapath? Node,
    string? Reason = null,
    bool FromEgressProxy = false
);

/// <summary>A socket's place in a node's table, given back by disposing it. Disposing it twice is harmless.</summary>
public sealed class SocketHold(SocketTable table, SocketEnds ends) : IDisposable
{
    private SocketTable? _table = table;

    /// <summary>Called when the place is given back: the connection is over.</summary>
    public Action? Released { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _table, null) is not { } place)
            return;
        place.Close(ends);
        Released?.Invoke();
    }
}
