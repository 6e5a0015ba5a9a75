using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Running;

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
