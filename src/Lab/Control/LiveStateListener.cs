using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Control;

/// <summary>Writes a run into the live state that pages show, and passes it on to the terminal.</summary>
internal sealed class LiveStateListener(LiveState live, IRunListener terminal) : IRunListener
{
    public void OnStep(string what)
    {
        live.Step(what);
        terminal.OnStep(what);
    }

    public void OnSample(LiveSample sample)
    {
        live.Sample(sample);
        terminal.OnSample(sample);
    }

    public bool WantsProgress => live.IsWatched || terminal.WantsProgress;

    public void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode)
    {
        live.Counters(newest, pods, clientNode);
        terminal.OnCounters(newest, pods, clientNode);
    }

    public void OnProgress(RunReport report)
    {
        live.Progress(report);
        terminal.OnProgress(report);
    }

    public void OnReport(RunReport report)
    {
        live.End(report);
        terminal.OnReport(report);
    }
}
