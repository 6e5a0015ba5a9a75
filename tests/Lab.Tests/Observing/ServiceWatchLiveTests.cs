using System.Collections.Concurrent;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Tests.Running.Existing;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>A watch of a live cluster: real Pods, real sockets, and only what its API exposes.</summary>
[Collection(LiveClusters.Name)]
public sealed class ServiceWatchLiveTests
{
    [Fact]
    public async Task A_watch_shows_traffic_a_replaced_pod_and_the_skew_of_both_policies()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var scenario = ScenarioCatalog.Load("two-sided-l7");
        scenario = scenario with { Load = scenario.Load with { RatePerSecond = 200 } };
        var folder = Directory.CreateTempSubdirectory("watch-");
        var options = new LabControllerOptions([], _ => scenario, s => s.Settings, _ => 3, folder.FullName);
        await using LabController load = new LabController(lab.Api, scenario, options, TimeProvider.System);
        LiveState feed = new LiveState(TimeProvider.System);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var found = await ServiceSearch.FindAsync(lab.Api, cancellation);
        var watched = ServiceWatch.OptionsFor(found.Namespace!, found.Name!) with
        {
            Interval = TimeSpan.FromMilliseconds(500),
            RequestsPerMinute = 100_000,
        };
        var watching = new ServiceWatch(lab.Api, watched, feed, TimeProvider.System).RunAsync(end.Token);
        var kinds = new ConcurrentQueue<VerdictKind?>();
        var said = "";
        feed.Changed += () =>
        {
            var (state, last) = (feed.State, said);
            kinds.Enqueue(state.Verdict?.Kind);
            // For the diagnosis of a failure.
            said =
                $"{state.Situation.Headline} | {state.Verdict?.Text} | "
                + string.Join(
                    ", ",
                    state.Rows.Select(r =>
                        $"{r.Name} {r.State} {r.OkPerSecond:0}/s {r.FailedPerSecond:0}/s {r.Share:0.00}"
                    )
                );
            if (said != last)
                TestContext.Current.TestOutputHelper?.WriteLine($"{state.At:0.0} {said}");
        };
        await Eventually.HoldsAsync("there is no traffic", () =>
            feed.State.Situation.Headline.StartsWith("No requests", StringComparison.Ordinal)
        );

        // 1. traffic, with HTTP rules on the backends
        var run = load.RunAsync(new RunOrder(scenario, Manual: true), new NoListener(), cancellation);
        await Eventually.HoldsAsync("every pod has its rate", () =>
            feed.State.Rows is { Length: 3 } rows
            && rows.All(r => r is { OkPerSecond: > 20, FailedPerSecond: 0, Share: > 0.2 })
        );

        // 2. A Pod is deleted and replaced, early: conntrack keeps used client ports at other Pods, and with many of
        // them the new Pod's share would be smaller.
        var gone = feed.State.Rows[0].Name;
        await lab.Api.CoreV1.DeleteNamespacedPodAsync(gone, "backend", cancellationToken: cancellation);
        await Eventually.HoldsAsync("the new pod has its share", () =>
            feed.State is { Verdict.Kind: VerdictKind.Even, Rows.Length: 3 }
            && feed.State.Rows.All(r => r.Name != gone && r is { OkPerSecond: > 20, Share: > 0.25 })
        );
        kinds.ShouldNotContain(VerdictKind.Skewed);

        // 3. both policies
        await load.RunAsync(new PageCommand(PageAction.ApplyPolicy, "load-test-policy.yaml"), cancellation);
        await Eventually.HoldsAsync("it is skewed and explained", () =>
            feed.State is { Verdict.Kind: VerdictKind.Skewed, Diagnosis.Name: "two-sided-l7" }
        );
        feed.State.Situation.Headline.ShouldBe("1 of 3 pods answers");
        feed.State.Rows.Count(r => r is { State: RowState.Silent, OkPerSecond: 0, FailedPerSecond: > 5, Share: 0 })
            .ShouldBe(2);
        feed.State.Rows.Count(r => r is { State: RowState.Answers, OkPerSecond: > 20, Share: 1 }).ShouldBe(1);

        // 4. the client's policy is removed: no longer skewed
        await load.RunAsync(new PageCommand(PageAction.RemovePolicy, "load-test-policy.yaml"), cancellation);
        await Eventually.HoldsAsync("it is even again", () =>
            feed.State is { Verdict.Kind: VerdictKind.Even, Situation.Kind: RunStatusKind.Balanced }
        );

        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => watching);
        await load.RunAsync(new PageCommand(PageAction.Stop), cancellation);
        await run;
        folder.Delete(recursive: true);
    }
}
