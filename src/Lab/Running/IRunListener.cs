using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Follows a run: a terminal, the Aspire dashboard, a test. Calls come one at a time. A listener that passes calls on
/// to another one inherits <see cref="ForwardingRunListener"/>.
/// </summary>
public interface IRunListener
{
    /// <summary>Whether <see cref="OnProgress"/> is wanted: evaluating a run every second is expensive.</summary>
    bool WantsProgress { get; }

    /// <summary>The run is about to begin on a cluster.</summary>
    void OnCluster(ClusterIdentity cluster);

    /// <summary>A step began.</summary>
    /// <param name="what">What is being done, for display.</param>
    void OnStep(string what);

    /// <summary>A phase of the scenario is about to be measured.</summary>
    /// <param name="phase">The very object among the scenario's steps.</param>
    void OnPhase(PhaseStep phase);

    /// <summary>A sample, about twice a second while there is load.</summary>
    void OnSample(LiveSample sample);

    /// <summary>
    /// The newest counters, about once a second while there is load and <see cref="OnProgress"/>, which has them too,
    /// is not wanted.
    /// </summary>
    /// <param name="newest">The counters.</param>
    /// <param name="pods">The Pods behind the Service.</param>
    /// <param name="clientNode">Node of the load test.</param>
    void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode);

    /// <summary>
    /// What the run would report if it ended now, about once a second while there is load and it is wanted: without
    /// expectations, and with the newest counters alone as its series.
    /// </summary>
    void OnProgress(RunReport report);

    /// <summary>Something that the user must do after the run: it stays visible, whole and unbroken.</summary>
    /// <param name="what">Lines, some of which are commands to paste.</param>
    void OnLeft(string what);

    /// <summary>The run is complete.</summary>
    void OnReport(RunReport report);
}
