using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Tests.Running.Existing;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Control;

/// <summary>The live state while no Pod answers, with a live cluster.</summary>
[Collection(LiveClusters.Name)]
public sealed class OutageTests
{
    [Fact]
    public async Task Without_a_backend_the_status_says_that_no_pod_answers_and_the_run_ends_with_its_report()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var scenario = ScenarioCatalog.Load("two-sided-l7");
        var folder = Directory.CreateTempSubdirectory("outage-");
        await using var controller = new LabController(
            lab.Api,
            scenario,
            new LabControllerOptions([], ScenarioCatalog.Load, s => s.Settings, _ => 3, folder.FullName),
            TimeProvider.System
        );
        var run = controller.RunAsync(new RunOrder(scenario, Manual: true), new NoListener(), cancellation);
        await Eventually.HoldsAsync("requests succeed", () =>
            controller.Feed.State is { Activity: PageActivity.Running, Responses: var responses }
            && responses.Any(r => r is { Status: 200, Count: > 50 })
        );

        await lab.Api.AppsV1.PatchNamespacedDeploymentScaleAsync(
            new V1Patch("""{"spec": {"replicas": 0} }""", V1Patch.PatchType.MergePatch),
            "backend-1",
            "backend",
            cancellationToken: cancellation
        );
        await Eventually.HoldsAsync("every request fails", () => controller.Feed.State is { FailedPerSecond: > 10 });
        using (controller.Feed.Watch())
        {
            await Eventually.HoldsAsync("the live state says so", () =>
                controller.Feed.State.Situation
                    is { Kind: RunStatusKind.Failing, Headline: "0 of 3 pods answer", Answers: "No pod answers." }
            );
        }

        await controller.RunAsync(new PageCommand(PageAction.Stop), cancellation);
        var (report, _) = await run;
        report.Phases[0].Ok.ShouldBeGreaterThan(50, "the run is evaluated and saved although no Pod is left");
        folder.Delete(recursive: true);
    }
}
