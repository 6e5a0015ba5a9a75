using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>
/// What anybody changes in the cluster during a run is an event of the run, ends a phase and dates a skew.
/// </summary>
public class ChangeWatchTests
{
    [Fact]
    public async Task Policies_that_kubectl_applies_are_events_and_the_bug_they_cause_is_dated_and_named()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var scenario = ChangedRun.Plain(seconds: 14);
        var report = await ChangedRun.RunAsync(
            lab,
            scenario with
            {
                Load = scenario.Load with { RatePerSecond = 100 },
                Expect = [],
            },
            async () =>
            {
                await lab.ApplyAsync("backend-policy.yaml");
                await Task.Delay(2000, TestContext.Current.CancellationToken);
                await lab.ApplyAsync("load-test-policy.yaml");
            }
        );

        AccountingTests.ShouldBeComplete(report);
        var events = report.Details.Events.Select(e => e.Name).ToList();
        events.Count.ShouldBe(2, string.Join("; ", events));
        events.ShouldAllBe(e => e.StartsWith("CiliumNetworkPolicy ", StringComparison.Ordinal));
        events.ShouldAllBe(e => e.Contains(" was created by ", StringComparison.Ordinal));
        var onset = report.Status.Episodes.ShouldHaveSingleItem().Onset;
        onset.DescribeEvents().ShouldContain(events[1]);
        report.Latest.Name.ShouldBe($"after {events[1]}");
        report.Diagnosis.Name.ShouldBe("two-sided-l7");
        report.Phases[0].Failures.ShouldBe(0, "the phase ended when the policy was applied");
    }

    [Fact]
    public async Task Settings_agents_Service_and_Deployments_are_watched_and_status_is_not()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var report = await ChangedRun.RunAsync(lab, ChangedRun.Plain(seconds: 9), async () =>
        {
            await lab.SetAsync(("debug", "true"));
            await lab.Api.CoreV1.PatchNamespacedServiceAsync(
                new V1Patch("""{"spec": {"sessionAffinity": "ClientIP"}}""", V1Patch.PatchType.MergePatch),
                "backend-1",
                "backend",
                fieldManager: "a-test",
                cancellationToken: TestContext.Current.CancellationToken
            );
            await ChangedRun.PatchDeploymentAsync(lab, """{"spec": {"replicas": 4}}""");
            var agent = (await lab.AgentsAsync())[0];
            await lab.Api.CoreV1.DeleteNamespacedPodAsync(
                agent.Name(),
                "kube-system",
                cancellationToken: TestContext.Current.CancellationToken
            );
        });

        AccountingTests.ShouldBeComplete(report);
        var events = string.Join("\n", report.Details.Events.Select(e => e.Name));
        events.ShouldContain("ConfigMap kube-system/cilium-config was changed (debug)");
        events.ShouldContain("Service backend/backend-1 was changed (sessionAffinity");
        events.ShouldMatch(@"Service backend/backend-1 was changed \([^)]*\) by a-test", events);
        events.ShouldContain("Deployment backend/backend-1 was scaled from 3 to 4");
        events.ShouldMatch("Pod kube-system/cilium-[a-z0-9]+ (is being|was) deleted");
        events.ShouldNotContain("status");
        report.Details.Events.Length.ShouldBeLessThan(12, events);
    }

    [Fact]
    public async Task The_steps_of_a_scenario_are_one_event_each()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var report = await lab.RunAsync(
            ScenarioCatalog.Load("two-sided-l7").With(50, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4))
        );
        report.Details.Events.Select(e => e.Name).ShouldBe(["load-test-policy.yaml was applied"]);
        report
            .Phases.Select(p => p.Name)
            .ShouldBe(["baseline", "changing: load-test-policy.yaml was applied", "observe"]);
    }
}
