using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.LoadTest.Page;
using CiliumDebugging.LoadTest.Report;

namespace CiliumDebugging.ClusterSetup.Steering;

/// <summary>Puts a run into the feed that pages show, and passes it on to the terminal.</summary>
internal sealed class FeedObserver(PageFeed feed, IRunObserver terminal) : IRunObserver
{
    public void OnStep(string what)
    {
        feed.Step(what);
        terminal.OnStep(what);
    }

    public void OnSample(LiveSample sample)
    {
        feed.Sample(new LiveRates(sample.Elapsed.TotalSeconds, sample.Requests,
            [.. sample.Pods.Select(p => new PodRate(p.Pod, p.OkPerSecond, p.FailedPerSecond, p.LatencyMs?.P50, p.LatencyMs?.P99))]) { Responses = sample.Responses });
        terminal.OnSample(sample);
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
