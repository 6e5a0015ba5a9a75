using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>A Pod behind the Service.</summary>
/// <param name="Facts">Its readiness, zone, hints and age.</param>
/// <param name="Terminating">It is being deleted.</param>
public sealed record ObservedEndpoint(BackendPod Pod, EndpointFacts Facts, bool Terminating)
{
    /// <summary>Its addresses.</summary>
    public ImmutableArray<string> Addresses { get; init; } = [];

    /// <summary>It is being deleted, still serves, and no Pod is ready: new connections go to it.</summary>
    public bool IsLastResort { get; init; }

    /// <summary>Whether new connections may go to it.</summary>
    public bool Serves => IsLastResort || (Facts.Ready && !Terminating);
}

/// <summary>Where HTTP rules apply on the path from a client to the Service.</summary>
/// <param name="Node">Node of the client; empty when it is outside of the cluster.</param>
/// <param name="Egress">On the client's egress.</param>
/// <param name="Ingress">On the backends' ingress.</param>
public readonly record struct ClientPath(string Node, bool Egress, bool Ingress)
{
    /// <summary>Proxies that a request to a Pod on the client's own node passes.</summary>
    public int Proxies => (Egress ? 1 : 0) + (Ingress ? 1 : 0);
}

/// <summary>What the cluster's objects say of a Service at one moment.</summary>
/// <param name="Endpoints">Its Pods, by name.</param>
/// <param name="Facts">Its spec.</param>
/// <param name="Clients">The clients seen so far, by Hubble's name.</param>
/// <param name="NodeZones">Zones of the nodes that have one.</param>
/// <param name="Cluster">The cluster, with the version of its agents.</param>
/// <param name="Settings">Data of kube-system/cilium-config; empty when it cannot be read.</param>
/// <param name="RulesProblem">Why it is not known which proxies a request passes (policies that cannot be read or
/// understood); null when it is.</param>
public sealed record ObservedService(
    string Namespace,
    string Name,
    ImmutableArray<ObservedEndpoint> Endpoints,
    ServiceFacts Facts,
    ImmutableDictionary<string, ClientPath> Clients,
    ImmutableDictionary<string, string> NodeZones,
    ClusterIdentity Cluster,
    ImmutableSortedDictionary<string, string> Settings,
    string? RulesProblem = null
)
{
    /// <summary>What the policies on the clients' paths and the Service's traffic policy mean that no count shows, one
    /// line each.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>Whether clients on different nodes should give the Pods different shares.</summary>
    public bool SharesDependOnNode =>
        Facts.InternalLocal || (NodeZones.Count > 0 && Endpoints.Any(e => !e.Facts.HintedZones.IsEmpty));

    /// <summary>The shares that clients on a node should give each Pod (<see cref="ServiceWeights"/>).</summary>
    /// <param name="node">The clients' node; empty for clients outside of the cluster, null when unknown.</param>
    /// <returns>Null when they depend on the node, which is unknown.</returns>
    public ImmutableArray<double>? WeightsFrom(string? node) =>
        node is null && SharesDependOnNode
            ? null
            : ServiceWeights.From(
                [.. Endpoints.Select(e => new WeightedEndpoint(e.Pod.Node, e.Serves, e.Facts.HintedZones))],
                Facts,
                node ?? "",
                NodeZones.GetValueOrDefault(node ?? "")
            );

    /// <summary>The node of a client that no path is known of. <c>namespace/name</c> is something in the cluster: a Pod
    /// that has been deleted, or a workload. Any other name but that of the world may be of either side, which matters
    /// only where shares depend on the node.</summary>
    /// <param name="client">The client as Hubble names it.</param>
    /// <returns>Empty: outside of the cluster; null: unknown.</returns>
    public string? NodeOf(string client)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (client.StartsWith("reserved:world", StringComparison.Ordinal))
            return "";
        return SharesDependOnNode || client.Contains('/', StringComparison.Ordinal) ? null : "";
    }
}
