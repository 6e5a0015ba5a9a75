using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>What one Pod did in one phase: the client count, the Hubble count and the backend count.</summary>
public sealed record PodPhase
{
    public required BackendPod Pod { get; init; }

    /// <summary>Whether the load test runs on the same node.</summary>
    public bool OnClientNode { get; init; }

    /// <summary>Client: successes that name this Pod.</summary>
    public long Ok { get; init; }

    /// <summary>Client: other answers that name this Pod.</summary>
    public long Failed { get; init; }

    /// <summary>Hubble: requests to this Pod, every proxy pass counted.</summary>
    public double HubbleRequests { get; init; }

    /// <summary>Hubble: successes of this Pod.</summary>
    public double HubbleOk { get; init; }

    /// <summary>Hubble: 5xx attributed to this Pod, including those that a proxy generated.</summary>
    public double HubbleServerErrors { get; init; }

    /// <summary>The part of <see cref="HubbleServerErrors"/> that the proxy of the client's node counted.</summary>
    public double ClientProxyErrors { get; init; }

    /// <summary>Backend: requests that reached the Pod.</summary>
    public double Echo { get; init; }

    /// <summary>Client: mean latency of the answers that name this Pod, ms; 0 without one.</summary>
    public double MeanLatencyMs { get; init; }
}
