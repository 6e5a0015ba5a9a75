using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Running;

/// <summary>Passes every call on. A decorator overrides the calls it acts on, and calls the base for each.</summary>
/// <param name="inner">Receives the calls.</param>
internal abstract class ForwardingRunListener(IRunListener inner) : IRunListener
{
    public virtual bool WantsProgress => inner.WantsProgress;

    public virtual void OnCluster(ClusterIdentity cluster) => inner.OnCluster(cluster);

    public virtual void OnStep(string what) => inner.OnStep(what);

    public virtual void OnPhase(PhaseStep phase) => inner.OnPhase(phase);

    public virtual void OnSample(LiveSample sample) => inner.OnSample(sample);

    public virtual void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode) =>
        inner.OnCounters(newest, pods, clientNode);

    public virtual void OnProgress(RunReport report) => inner.OnProgress(report);

    public virtual void OnLeft(string what) => inner.OnLeft(what);

    public virtual void OnReport(RunReport report) => inner.OnReport(report);
}
