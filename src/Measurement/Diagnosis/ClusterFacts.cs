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
/// <param name="OnOldPorts">Ports that were used before the phase, by the Pod (name) that answered the first fresh
/// connection from them in it: a port that repeats its choice is one selection.</param>
/// <param name="OnNewPorts">The same for ports first used in the phase.</param>
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
    /// <summary>Fresh connections from a port that had one in the phase already, by the Pods (names) that answered the
    /// one before and this one.</summary>
    public ImmutableDictionary<(string Before, string Now), long> Repeats { get; init; } =
        ImmutableDictionary<(string, string), long>.Empty;

    /// <summary>Whether they are HTTP/2 (the client knows): each carries many requests at a time.</summary>
    public bool AreHttp2 { get; init; }

    /// <summary>Client ports in the phase.</summary>
    public long Ports => OnOldPorts.Values.Sum() + OnNewPorts.Values.Sum();

    /// <summary>Fresh connections that the same Pod answered as the one before from their port.</summary>
    public long RepeatsKept => Repeats.Where(r => r.Key.Before == r.Key.Now).Sum(r => r.Value);

    /// <summary>The same that another Pod answered.</summary>
    public long RepeatsMoved => Repeats.Values.Sum() - RepeatsKept;

    /// <summary>Whether a port that is used again goes where it went before: chance would move most of them.</summary>
    public bool PortsKeepTheirPod => RepeatsKept >= 5 * Shares.Enough && RepeatsMoved * 20 <= RepeatsKept;
}

/// <summary>What the clients of one node chose.</summary>
/// <param name="ByPod">Answers by Pod (name).</param>
public sealed record ClientNodeFacts(string Node, ImmutableDictionary<string, long> ByPod, long Failed);
