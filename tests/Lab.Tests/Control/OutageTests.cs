using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Tests.Running.Existing;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Control;

/// <summary>What the feed says while nothing answers, with a live cluster.</summary>
[Collection(LiveClusters.Name)]
public sealed class OutageTests
{
    [Fact]
    public async Task Whoever_looks_when_the_last_backend_is_gone_sees_that_nothing_answers_and_the_run_ends_with_its_report()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var scenario = ScenarioCatalog.Load("two-sided-l7");
        var folder = Directory.CreateTempSubdirectory("outage-");
        await using LabController session = new LabController(
            lab.Api,
            scenario,
            new LabControllerOptions("a test", [], ScenarioCatalog.Load, s => s.Settings, _ => 3, folder.FullName),
            TimeProvider.System
        );
        var run = session.RunAsync(new RunOrder(scenario, Manual: true), new NoListener(), cancellation);
        await Eventually.HoldsAsync("requests succeed", () =>
            session.Feed.State is { Activity: "running", Responses: var responses }
            && responses.Any(r => r is { Status: 200, Count: > 50 })
        );

        await lab.Api.AppsV1.PatchNamespacedDeploymentScaleAsync(
            new V1Patch("""{"spec": {"replicas": 0} }""", V1Patch.PatchType.MergePatch),
            "backend-1",
            "backend",
            cancellationToken: cancellation
        );
        await Eventually.HoldsAsync("every request fails", () => session.Feed.State is { FailedPerSecond: > 10 });
        using (session.Feed.Watch())
        {
            await Eventually.HoldsAsync("the feed says so", () =>
                session.Feed.State.Situation
                    is { Kind: "failing", Headline: "0 of 3 pods answer", Answers: "No pod answers." }
            );
        }

        await session.RunAsync(new PageCommand(PageAction.Stop), cancellation);
        var (report, _) = await run;
        report
            .Phases[0]
            .Ok.ShouldBeGreaterThan(50, "the run is judged and saved although there is no Pod to ask in its end");
        folder.Delete(recursive: true);
    }
}
