using System.Diagnostics;
using CiliumDebugging.EmbeddedCluster.Hubble;

namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>The proxy of one node: what cilium-envoy keeps per node. The HTTP server itself serves all nodes; a connection says whose it is.</summary>
/// <param name="node">Node name.</param>
internal sealed class NodeProxy(string node)
{
    /// <summary>Node name.</summary>
    public string Node { get; } = node;

    /// <summary>Makes the spans of its passes.</summary>
    public ActivitySource Spans { get; } = ProxyTracing.Source(node);

    /// <summary>The node's Hubble metrics. They outlive the agent's restarts in nothing: a new agent starts with new ones.</summary>
    public HubbleMetrics Hubble { get; } = new();

    /// <summary>Envoy's circuit breaker of the egress cluster.</summary>
    public CircuitBreaker Egress { get; } = new();

    /// <summary>Envoy's circuit breaker of the ingress cluster.</summary>
    public CircuitBreaker Ingress { get; } = new();

    public CircuitBreaker Cluster(string direction) => direction == "egress" ? Egress : Ingress;
}
