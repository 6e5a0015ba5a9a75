using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>What a diagnosis may look at: client, Hubble and backend counts of one phase, and the cluster's objects as
/// a real cluster exposes them. Never a scenario's name or expectation, and no setting that only the embedded cluster
/// has.</summary>
public sealed record Evidence
{
    public required PhaseReport Phase { get; init; }

    /// <summary>The phase before; null for the first.</summary>
    public PhaseReport? Previous { get; init; }
    public required string ClientNode { get; init; }

    /// <summary>Hubble: 5xx attributed to a Pod that the proxy of the client's node counted, by
    /// <c>namespace/pod</c>.</summary>
    public ImmutableDictionary<string, double> ProxyFailuresByPod { get; init; } =
        ImmutableDictionary<string, double>.Empty;

    /// <summary>An HTTP rule on egress selects the client and covers the Service's port.</summary>
    public required bool ClientHasEgressL7 { get; init; }

    /// <summary>An HTTP rule on ingress selects the backends and covers their port.</summary>
    public required bool BackendsHaveIngressL7 { get; init; }

    /// <summary>Version of the agents; null when unknown.</summary>
    public string? CiliumVersion { get; init; }

    /// <summary>Whether a model of that version was measured: a real cluster shows its own behaviour.</summary>
    public bool IsEmulated { get; init; }

    /// <summary>Data of kube-system/cilium-config, without the keys that only the embedded cluster has.</summary>
    public ImmutableSortedDictionary<string, string> Settings { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    public ServiceFacts Service { get; init; } = ServiceFacts.Unknown;

    /// <summary>Every Pod that the Service selects, ready or not, by <c>namespace/pod</c>; empty when
    /// unknown.</summary>
    public ImmutableDictionary<string, EndpointFacts> Endpoints { get; init; } =
        ImmutableDictionary<string, EndpointFacts>.Empty;

    /// <summary>Ready addresses of the Service's EndpointSlices that no running Pod of its namespace has, with the name
    /// of their slice.</summary>
    public ImmutableSortedDictionary<string, string> UnknownAddresses { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Node whose address the load is sent to, for load from outside; null when unknown.</summary>
    public string? EntryNode { get; init; }

    /// <summary>Pods of the Service that policies keep the client from reaching at all (no rule allows the port), by
    /// <c>namespace/pod</c>.</summary>
    public ImmutableHashSet<string> DeniedPods { get; init; } = [];

    /// <summary>Zone of the client's node; null when unknown.</summary>
    public string? ClientZone { get; init; }

    /// <summary>The client's connections, from its records; null when unknown.</summary>
    public ConnectionFacts? Connections { get; init; }

    /// <summary>What the clients of each node chose, where there are clients on several; empty when unknown.</summary>
    public ImmutableArray<ClientNodeFacts> ClientNodes { get; init; } = [];

    /// <summary>Pods of the Service that did not answer when their own counters were read, by
    /// <c>namespace/pod</c>.</summary>
    public ImmutableSortedSet<string> SilentPods { get; init; } = [];

    /// <summary>Nodes whose Hubble counters could not be read.</summary>
    public ImmutableArray<string> NodesWithoutHubble { get; init; } = [];
}
