namespace CiliumDebugging.Backend.Metrics;

/// <summary>How many requests this Pod has answered, by endpoint. One instance per Pod, so that no Pod counts
/// another's.</summary>
public sealed class RequestCounters
{
    private long _echo;
    private long _a;
    private long _b;

    /// <summary>Requests to <c>/echo</c>.</summary>
    public long Echo => Volatile.Read(ref _echo);

    /// <summary>Requests to <c>/a</c>.</summary>
    public long A => Volatile.Read(ref _a);

    /// <summary>Requests to <c>/b</c>.</summary>
    public long B => Volatile.Read(ref _b);

    internal void CountEcho() => Interlocked.Increment(ref _echo);

    internal void CountA() => Interlocked.Increment(ref _a);

    internal void CountB() => Interlocked.Increment(ref _b);
}
