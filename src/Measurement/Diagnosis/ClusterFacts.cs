using System.Collections.Immutable;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>What a Service's spec says about which Pods may be chosen.</summary>
/// <param name="ClientIpAffinity"><c>sessionAffinity: ClientIP</c>.</param>
/// <param name="InternalLocal"><c>internalTrafficPolicy: Local</c>.</param>
/// <param name="ExternalLocal"><c>externalTrafficPolicy: Local</c>.</param>
/// <param name="PrefersZone">A <c>trafficDistribution</c> or topology annotation asks for Pods near the client.</param>
/// <param name="FromOutside">The load comes from outside of the cluster (node port, load balancer).</param>
public sealed record ServiceFacts(
    bool ClientIpAffinity,
    bool InternalLocal,
    bool ExternalLocal,
    bool PrefersZone,
    bool FromOutside
)
{
    /// <summary>Nothing but the defaults.</summary>
    public static ServiceFacts Unknown { get; } = new(false, false, false, false, false);
}

/// <summary>A Pod behind a Service, from its EndpointSlice and its object.</summary>
/// <param name="Ready">Condition ready.</param>
/// <param name="Zone">Its zone; null when unknown.</param>
/// <param name="HintedZones">Zones that the slice's hints give it to; empty without hints.</param>
/// <param name="CreatedAt">When the Pod was made, s since the load began (negative: before); null when unknown.</param>
public sealed record EndpointFacts(bool Ready, string? Zone, ImmutableArray<string> HintedZones, double? CreatedAt);

/// <summary>The client's connections in a phase.</summary>
/// <param name="Opened">Connections that carried a request.</param>
/// <param name="MaxRequests">Most requests on one of them.</param>
/// <param name="ByPod">Connections by the one Pod (name) that answered on them.</param>
/// <param name="SeveralPods">Connections on which several Pods answered.</param>
/// <param name="OnOldPorts">Requests on fresh connections from ports that were used before the phase, by answering Pod
/// (name).</param>
/// <param name="OnNewPorts">The same from ports first used in the phase.</param>
public sealed record ConnectionFacts(
    long Opened,
    long MaxRequests,
    long FewestRequests,
    ImmutableDictionary<string, long> ByPod,
    long SeveralPods,
    ImmutableDictionary<string, long> OnOldPorts,
    ImmutableDictionary<string, long> OnNewPorts
)
{
    /// <summary>Fresh connections from a port that had one in the phase already, and that the same Pod answered as
    /// then.</summary>
    public long RepeatsKept { get; init; }

    /// <summary>The same that another Pod answered.</summary>
    public long RepeatsMoved { get; init; }
}

/// <summary>What the clients of one node chose.</summary>
/// <param name="ByPod">Answers by Pod (name).</param>
public sealed record ClientNodeFacts(string Node, ImmutableDictionary<string, long> ByPod, long Failed);
