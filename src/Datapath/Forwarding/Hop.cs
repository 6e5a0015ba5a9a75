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

    /// <summary>The stand-in for cilium/cilium#14268, whose cause is unknown: the socket lookup of the ingress redirect
    /// finds the egress proxy's own socket, so the SYN gets no answer, and no drop is counted.</summary>
    LostAtRedirect,

    /// <summary>connect(2) fails with EADDRNOTAVAIL: another socket has the same ends.</summary>
    AddressNotAvailable,

    /// <summary>The Service has no backend, or no Pod has the address: reset.</summary>
    Reset,
}

/// <summary>A decision on one SYN, and what the next hop needs to know.</summary>
public readonly record struct Hop
{
    /// <summary>What becomes of the SYN.</summary>
    public required HopAction Action { get; init; }

    /// <summary>The Pod it comes from; null: the identity <c>host</c>.</summary>
    public PodEntry? Source { get; init; }

    /// <summary>The Pod it is sent to, after service translation; null where there is none.</summary>
    public PodEntry? Destination { get; init; }

    /// <summary>Original source: address and port of the client's socket.</summary>
    public required TcpEndpoint Client { get; init; }

    /// <summary>Source and destination on the wire. The source is a proxy's when it did not use the original
    /// one.</summary>
    public required FourTuple Wire { get; init; }

    /// <summary>Destination after service translation.</summary>
    public TcpEndpoint Backend => Wire.Destination;

    /// <summary>For a redirect: the rules the proxy enforces.</summary>
    public HttpRuleSet? HttpRules { get; init; }

    /// <summary>The node that decides: the client's for egress, the destination's for ingress.</summary>
    public NodeDatapath? Node { get; init; }

    /// <summary>For Drop, and for a Reset that counts as one: Cilium's drop reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether the egress proxy sent it. The client's egress policy has then been applied already.</summary>
    public bool FromEgressProxy { get; init; }
}

/// <summary>A socket's entry in a node's table, removed by disposing it. Disposing it twice is harmless.</summary>
public sealed class SocketHold(SocketTable table, SocketEnds ends) : IDisposable
{
    private SocketTable? _table = table;

    /// <summary>Called when the entry is removed: the connection is over.</summary>
    public Action? Released { get; set; }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _table, null) is not { } place)
            return;
        place.Close(ends);
        Released?.Invoke();
    }
}
