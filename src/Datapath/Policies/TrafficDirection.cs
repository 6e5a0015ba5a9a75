namespace CiliumDebugging.Datapath.Policies;

/// <summary>The side of a connection that a verdict is about.</summary>
public enum TrafficDirection
{
    /// <summary>Into the subject: the destination pod's policy, the peer is the source.</summary>
    Ingress,

    /// <summary>Out of the subject: the source pod's policy, the peer is the destination.</summary>
    Egress,
}

/// <summary>The transport protocols that policies can name and the datapath carries.</summary>
public enum L4Protocol
{
    /// <summary>TCP; the only protocol HTTP rules apply to.</summary>
    Tcp,

    /// <summary>UDP.</summary>
    Udp,

    /// <summary>SCTP.</summary>
    Sctp,
}

internal static class L4Protocols
{
    private static readonly L4Protocol[] s_all = [L4Protocol.Tcp, L4Protocol.Udp, L4Protocol.Sctp];

    /// <summary>The protocols that a rule names; null names all.</summary>
    public static L4Protocol[] Of(L4Protocol? protocol) => protocol is { } one ? [one] : s_all;
}
