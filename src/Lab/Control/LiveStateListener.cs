using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Control;

/// <summary>Puts a run into the feed that pages show, and passes it on to the terminal.</summary>
internal sealed class LiveStateListener(LiveState feed, IRunListener terminal) : ForwardingRunListener(terminal)
{
    public override void OnStep(string what)
    {
        feed.Step(what);
        base.OnStep(what);
    }

    public override void OnSample(LiveSample sample)
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
        base.OnSample(sample);
    }

    public override bool WantsProgress => feed.IsWatched || base.WantsProgress;

    public override void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode)
    {
        feed.Counters(newest, pods, clientNode);
        base.OnCounters(newest, pods, clientNode);
    }

    public override void OnProgress(RunReport report)
    {
        feed.Progress(report);
        base.OnProgress(report);
    }

    public override void OnReport(RunReport report)
    {
        feed.End(report);
        base.OnReport(report);
    }
}
