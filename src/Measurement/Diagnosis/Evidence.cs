using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>
/// What a diagnosis may look at: the three views of one phase and the cluster's objects, as a real cluster exposes them. Never a scenario's name or expectation,
/// and no setting that only the embedded cluster has.
/// </summary>
/// <param name="Phase">The phase.</param>
/// <param name="Previous">The phase before; null for the first.</param>
/// <param name="ClientNode">Node of the client.</param>
/// <param name="ProxyFailuresByPod">Hubble: 5xx in a Pod's name that the proxy of the client's node counted, by <c>namespace/pod</c>.</param>
/// <param name="EchoMatchesAnswers">Whether each backend's own count equals the answers the client has from it: nothing was lost or repeated on the way.</param>
/// <param name="ClientHasEgressL7">An HTTP rule on egress selects the client and covers the Service's port.</param>
/// <param name="BackendsHaveIngressL7">An HTTP rule on ingress selects the backends and covers their port.</param>
/// <param name="CiliumVersion">Version of the agents; null when unknown.</param>
/// <param name="Tunnel">Whether the agents use a tunnel; null when unknown.</param>
/// <param name="Settings">Data of kube-system/cilium-config, without the keys only the embedded cluster has.</param>
public sealed record Evidence(
    PhaseReport Phase,
    PhaseReport? Previous,
    string ClientNode,
    ImmutableDictionary<string, double> ProxyFailuresByPod,
    bool EchoMatchesAnswers,
    bool ClientHasEgressL7,
    bool BackendsHaveIngressL7,
    string? CiliumVersion,
    bool? Tunnel,
    ImmutableSortedDictionary<string, string> Settings
)
{
    /// <summary>The Service.</summary>
    public ServiceFacts Service { get; init; } = ServiceFacts.Unknown;

    /// <summary>Every Pod that the Service selects, ready or not, by <c>namespace/pod</c>; empty when unknown.</summary>
    public ImmutableDictionary<string, EndpointFacts> Endpoints { get; init; } =
        ImmutableDictionary<string, EndpointFacts>.Empty;

    /// <summary>Zone of the client's node; null when unknown.</summary>
    public string? ClientZone { get; init; }

    /// <summary>What the client's records tell of its connections; null when unknown.</summary>
    public ConnectionFacts? Connections { get; init; }

    /// <summary>What the clients of each node chose, where there are clients on several; empty when unknown.</summary>
    public ImmutableArray<ClientNodeFacts> ClientNodes { get; init; } = [];

    /// <summary>Nodes whose Hubble counters could not be read.</summary>
    public ImmutableArray<string> NodesWithoutHubble { get; init; } = [];
}
