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
