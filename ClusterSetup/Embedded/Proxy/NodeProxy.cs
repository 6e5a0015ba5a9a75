using CiliumDebugging.ClusterSetup.Embedded.Hubble;

namespace CiliumDebugging.ClusterSetup.Embedded.Proxy;

/// <summary>The proxy of one node: what cilium-envoy keeps per node. The HTTP server itself serves all nodes; a connection says whose it is.</summary>
/// <param name="node">Node name.</param>
internal sealed class NodeProxy(string node)
{
    /// <summary>Node name.</summary>
    public string Node { get; } = node;

    /// <summary>The node's Hubble metrics. They outlive the agent's restarts in nothing: a new agent starts with new ones.</summary>
    public HubbleMetrics Hubble { get; } = new();

    /// <summary>Envoy's circuit breaker of the egress cluster.</summary>
    public CircuitBreaker Egress { get; } = new();

    /// <summary>Envoy's circuit breaker of the ingress cluster.</summary>
    public CircuitBreaker Ingress { get; } = new();

    public CircuitBreaker Cluster(string direction) => direction == "egress" ? Egress : Ingress;
}

/// <summary>
/// The two limits of an Envoy cluster that show in cil#14268: concurrent retries and pending requests, with Envoy's defaults
/// (envoy.config.cluster.v3.CircuitBreakers.Thresholds: max_retries 3, max_pending_requests 1024).
/// </summary>
internal sealed class CircuitBreaker(int maxRetries = 3, int maxPendingRequests = 1024)
{
    private int _retries;
    private int _pending;

    /// <summary>Takes a place for a retry that ends with <see cref="EndRetry"/>; false when all are taken.</summary>
    public bool TryStartRetry() => TryTake(ref _retries, maxRetries);

    public void EndRetry() => Interlocked.Decrement(ref _retries);

    /// <summary>Takes a place for a request that waits for its connection; false: overflow.</summary>
    public bool TryStartPending() => TryTake(ref _pending, maxPendingRequests);

    public void EndPending() => Interlocked.Decrement(ref _pending);

    private static bool TryTake(ref int taken, int limit)
    {
        if (Interlocked.Increment(ref taken) <= limit) return true;
        Interlocked.Decrement(ref taken);
        return false;
    }
}
