using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Running;

/// <summary>What one Pod does right now, as the client sees it.</summary>
/// <param name="Pod">The Pod; null: answers that name no Pod (a proxy's own).</param>
/// <param name="OnClientNode">Whether the load test runs on the same node.</param>
/// <param name="OkPerSecond">2xx per second over the last seconds.</param>
/// <param name="FailedPerSecond">Other answers per second over the last seconds.</param>
/// <param name="Ok">2xx since the phase began.</param>
/// <param name="Failed">Other answers since the phase began.</param>
public sealed record LivePod(
    BackendPod? Pod,
    bool OnClientNode,
    double OkPerSecond,
    double FailedPerSecond,
    long Ok,
    long Failed
)
{
    /// <summary>Latency of its last answers; null without one.</summary>
    public LatencyQuantiles? LatencyMs { get; init; }
}

/// <summary>The state of a run at one moment.</summary>
/// <param name="Phase">Name of the phase.</param>
/// <param name="Elapsed">Time since the load began.</param>
/// <param name="Requests">Requests with an outcome since the load began.</param>
/// <param name="Pods">Per Pod, and answers without one.</param>
public sealed record LiveSample(string Phase, TimeSpan Elapsed, long Requests, ImmutableArray<LivePod> Pods)
{
    /// <summary>Answers by Pod and status since the load began.</summary>
    public ImmutableArray<ResponseCount> Responses { get; init; } = [];

    /// <summary>What its rates are averages over, s: at most 2.5 or so, less after a change.</summary>
    public double Window { get; init; }
}

/// <summary>Follows a run: a terminal, the Aspire dashboard, a test. Calls come one at a time.</summary>
public interface IRunListener
{
    /// <summary>A step began.</summary>
    /// <param name="what">What is being done.</param>
    void OnStep(string what);

    /// <summary>A sample, about twice a second while there is load.</summary>
    void OnSample(LiveSample sample);

    /// <summary>Whether <see cref="OnProgress"/> is wanted: judging a run every second is not for nothing.</summary>
    bool WantsProgress => false;

    /// <summary>The newest counters, about once a second while there is load and nobody wants <see cref="OnProgress"/>, which has them too.</summary>
    /// <param name="newest">The counters.</param>
    /// <param name="pods">The Pods behind the Service.</param>
    /// <param name="clientNode">Node of the load test.</param>
    void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode) { }

    /// <summary>What the run would report if it ended now, about once a second while there is load and it is wanted: no expectations yet, and the newest counters alone as its series.</summary>
    void OnProgress(RunReport report) { }

    /// <summary>The run is complete.</summary>
    void OnReport(RunReport report);
}
