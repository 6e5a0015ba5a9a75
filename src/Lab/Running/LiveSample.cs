using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Lab.Running;

/// <summary>What one Pod does right now, as the client sees it.</summary>
/// <param name="Pod">The Pod; null: responses that name no Pod (a proxy's own).</param>
/// <param name="OnClientNode">Whether the load test runs on the same node.</param>
/// <param name="OkPerSecond">2xx per second over the last seconds.</param>
/// <param name="FailedPerSecond">Other outcomes per second over the last seconds.</param>
/// <param name="Ok">2xx since the phase began.</param>
/// <param name="Failed">Other outcomes since the phase began.</param>
public sealed record LivePod(
    BackendPod? Pod,
    bool OnClientNode,
    double OkPerSecond,
    double FailedPerSecond,
    long Ok,
    long Failed
)
{
    /// <summary>Latency of its last responses; null without one.</summary>
    public LatencyQuantiles? LatencyMs { get; init; }
}

/// <summary>The state of a run at one moment.</summary>
/// <param name="Phase">Name of the phase.</param>
/// <param name="Elapsed">Time since the load began.</param>
/// <param name="Requests">Requests with an outcome since the load began.</param>
/// <param name="Pods">Per Pod, and responses without one.</param>
public sealed record LiveSample(string Phase, TimeSpan Elapsed, long Requests, ImmutableArray<LivePod> Pods)
{
    /// <summary>Responses by Pod and status since the load began.</summary>
    public ImmutableArray<ResponseCount> Responses { get; init; } = [];

    /// <summary>What its rates are averages over, s: about 2.5 at most, less after a change.</summary>
    public double Window { get; init; }
}
