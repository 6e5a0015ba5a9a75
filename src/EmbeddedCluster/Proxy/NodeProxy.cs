using System.Diagnostics;
using CiliumDebugging.EmbeddedCluster.Hubble;

namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>
/// The proxy of one node: what cilium-envoy keeps per node. The HTTP server itself serves all nodes; a connection says
/// which it belongs to.
/// </summary>
internal sealed class NodeProxy(string node)
{
    private readonly CircuitBreaker _egress = new();
    private readonly CircuitBreaker _ingress = new();

    public string Node { get; } = node;

    public ActivitySource Spans { get; } = ProxyTracing.Source(node);

    public HubbleMetrics Hubble { get; } = new();

    /// <summary>The circuit breaker of Envoy's cluster for a direction, <c>egress</c> or <c>ingress</c>.</summary>
    public CircuitBreaker Cluster(string direction) => direction == "egress" ? _egress : _ingress;
}
