namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>
/// The two limits of an Envoy cluster that matter in https://github.com/cilium/cilium/issues/14268: concurrent retries
/// and pending requests (envoy.config.cluster.v3.CircuitBreakers.Thresholds: max_retries, max_pending_requests; the
/// limits are the agent's settings). Both count what the modelled network makes wait. A connection that the core
/// delivers is there at once; how long this process waits for a processor says nothing about the emulated proxy.
/// </summary>
internal sealed class CircuitBreaker
{
    private int _retries;
    private int _pending;

    /// <summary>Takes a place for a retry that ends with <see cref="EndRetry"/>; false when all are taken.</summary>
    public bool TryStartRetry(int limit) => TryTake(ref _retries, limit);

    public void EndRetry() => Interlocked.Decrement(ref _retries);

    /// <summary>Takes a place for a request that waits for its connection; false: overflow.</summary>
    public bool TryStartPending(int limit) => TryTake(ref _pending, limit);

    public void EndPending() => Interlocked.Decrement(ref _pending);

    private static bool TryTake(ref int taken, int limit)
    {
        if (Interlocked.Increment(ref taken) <= limit)
            return true;
        Interlocked.Decrement(ref taken);
        return false;
    }
}
