using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Control;

/// <summary>Puts a run into the live state that pages show, and passes it on to the terminal.</summary>
internal sealed class LiveStateListener(LiveState live, IRunListener terminal) : ForwardingRunListener(terminal)
{
    public override void OnStep(string what)
    {
        live.Step(what);
        base.OnStep(what);
    }

    /// <summary>Whether the run put everything back.</summary>
    public bool IsRestored { get; private set; } = true;

    public override void OnLeft(string what)
    {
        IsRestored = false;
        live.Step(what);
        base.OnLeft(what);
    }

    public override void OnPhase(PhaseStep phase)
    {
        live.Phase(phase);
        base.OnPhase(phase);
    }

    public override void OnSample(LiveSample sample)
    {
        live.Sample(sample);
        base.OnSample(sample);
    }

    public override bool WantsProgress => live.IsWatched || base.WantsProgress;

    public override void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode)
    {
        live.Counters(newest, pods, clientNode);
        base.OnCounters(newest, pods, clientNode);
    }

    public override void OnProgress(RunReport report)
    {
        live.Progress(report);
        base.OnProgress(report);
    }

    public override void OnReport(RunReport report)
    {
        live.End(report);
        base.OnReport(report);
    }
}
