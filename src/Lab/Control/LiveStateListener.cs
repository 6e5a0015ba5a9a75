using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Control;

/// <summary>Puts a run into the feed that pages show, and passes it on to the terminal.</summary>
internal sealed class LiveStateListener(LiveState feed, IRunListener terminal) : IRunListener
{
    public void OnStep(string what)
    {
        feed.Step(what);
        terminal.OnStep(what);
    }

    public void OnSample(LiveSample sample)
    {
        feed.Sample(
            new LiveRates(
                sample.Elapsed.TotalSeconds,
                sample.Requests,
                [
                    .. sample.Pods.Select(p => new PodRate(
                        p.Pod,
                        p.OkPerSecond,
                        p.FailedPerSecond,
                        p.LatencyMs?.P50,
                        p.LatencyMs?.P99
                    )),
                ]
            )
            {
                Responses = sample.Responses,
                Window = sample.Window,
            }
        );
        terminal.OnSample(sample);
    }

    public bool WantsProgress => feed.IsWatched || terminal.WantsProgress;

    public void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode)
    {
        feed.Counters(newest, pods, clientNode);
        terminal.OnCounters(newest, pods, clientNode);
    }

    public void OnProgress(RunReport report)
    {
        feed.Progress(report);
        terminal.OnProgress(report);
    }

    public void OnReport(RunReport report)
    {
        feed.End(report);
        terminal.OnReport(report);
    }
}
