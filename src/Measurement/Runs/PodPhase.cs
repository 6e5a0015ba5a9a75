using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>What one Pod did in one phase, in all three views.</summary>
/// <param name="Pod">The Pod.</param>
/// <param name="OnClientNode">Whether the load test runs on the same node.</param>
/// <param name="Ok">Client: 2xx that say they come from this Pod.</param>
/// <param name="Failed">Client: other answers that say they come from this Pod.</param>
/// <param name="HubbleRequests">Hubble: requests to this Pod, every proxy pass counted.</param>
/// <param name="HubbleOk">Hubble: 2xx of this Pod.</param>
/// <param name="HubbleServerErrors">Hubble: 5xx in this Pod's name, also those that a proxy made.</param>
/// <param name="Echo">Backend: requests that reached the Pod.</param>
public sealed record PodPhase(
    BackendPod Pod,
    bool OnClientNode,
    long Ok,
    long Failed,
    double HubbleRequests,
    double HubbleOk,
    double HubbleServerErrors,
    double Echo
)
{
    /// <summary>Hubble: 5xx in this Pod's name that the proxy of the client's node counted; part of <see cref="HubbleServerErrors"/>.</summary>
    public double ClientProxyErrors { get; init; }

    /// <summary>Client: mean latency of the answers that name this Pod, ms; 0 without one.</summary>
    public double MeanLatencyMs { get; init; }
}
