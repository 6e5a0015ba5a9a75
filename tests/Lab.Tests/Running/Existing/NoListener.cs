using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Tests.Running.Existing;

internal sealed class NoListener : IRunListener
{
    public bool WantsProgress => false;

    public void OnCluster(ClusterIdentity cluster) { }

    public void OnStep(string what) { }

    public void OnPhase(PhaseStep phase) { }

    public void OnSample(LiveSample sample) { }

    public void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode) { }

    public void OnProgress(RunReport report) { }

    public void OnLeft(string what) { }

    public void OnReport(RunReport report) { }
}
