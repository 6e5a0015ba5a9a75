using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Measurement.Status;

/// <summary>Rates at one moment, about twice a second while there is load.</summary>
/// <param name="Phase">Name of the phase.</param>
/// <param name="Elapsed">Time since the load began.</param>
/// <param name="Requests">Requests with an outcome since the load began.</param>
/// <param name="Pods">Per Pod, and answers without one.</param>
public sealed record LiveSample(string Phase, TimeSpan Elapsed, long Requests, ImmutableArray<LivePod> Pods)
{
    /// <summary>There is no load.</summary>
    public static LiveSample None { get; } = new("", TimeSpan.Zero, 0, []);

    /// <summary>Answers by Pod and status since the load began.</summary>
    public ImmutableArray<ResponseCount> Responses { get; init; } = [];

    /// <summary>Length of the window that the rates are averages over, s; less than 2.5 after a change.</summary>
    public double Window { get; init; } = 2.5;

    /// <summary>All successes per second.</summary>
    public double OkPerSecond => Pods.Sum(p => p.OkPerSecond);

    /// <summary>All other answers per second.</summary>
    public double FailedPerSecond => Pods.Sum(p => p.FailedPerSecond);
}

/// <summary>One Pod in a <see cref="LiveSample"/>.</summary>
/// <param name="Pod">The Pod; null: answers that name no Pod (a proxy's own).</param>
/// <param name="OkPerSecond">successes per second.</param>
/// <param name="FailedPerSecond">Other answers per second.</param>
public sealed record LivePod(BackendPod? Pod, double OkPerSecond, double FailedPerSecond)
{
    /// <summary>Whether the load test runs on the same node.</summary>
    public bool OnClientNode { get; init; }

    /// <summary>Latency of its last answers; null without one.</summary>
    public LatencyQuantiles? LatencyMs { get; init; }
}

/// <summary>Two quantiles of a Pod's latency from the intended start, ms.</summary>
/// <param name="P50">Median.</param>
/// <param name="P99">99th percentile.</param>
public readonly record struct LatencyQuantiles(double P50, double P99);

/// <summary>Answers of one Pod with one status, since the load began.</summary>
/// <param name="Pod">The Pod; null: the answer names none (a proxy's own).</param>
/// <param name="Node">Its node; null without a Pod.</param>
/// <param name="Status">HTTP status; 0: no answer.</param>
/// <param name="Count">Number of answers.</param>
public sealed record ResponseCount(string? Pod, string? Node, int Status, long Count);
