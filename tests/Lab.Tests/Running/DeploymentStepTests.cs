using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Tests.Running.Existing;
using CiliumDebugging.Testing;
using k8s;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>Steps that change a Deployment, live, on a cluster that is known by its API only.</summary>
public class DeploymentStepTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_scales_and_restarts_the_backends_under_load_and_leaves_them_as_they_were()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        await lab.ReadyAsync();
        var before = await DeploymentAsync(lab);
        var second = TimeSpan.FromSeconds(1);
        var scenario = ScenarioCatalog.Load("two-sided-l7") with
        {
            Steps =
            [
                new PhaseStep("three", second),
                new ScaleStep(5),
                new PhaseStep("five", second),
                new ScaleStep(2),
                new WaitStep(second),
                new PhaseStep("two", second),
                new RolloutStep(null, 1),
                new PhaseStep("new", second),
            ],
            Expect = [],
        };
        var run = new ExistingClusterRun(lab.Api, new SessionRights(), TimeProvider.System);
        var report = await run.RunAsync(scenario, new NoListener(), Cancellation);

        var pods = report
            .Phases.Where(p => p.IsEvaluated)
            .Select(p => p.Pods.Select(pod => pod.Pod.Name).ToHashSet())
            .ToList();
        pods.Select(p => p.Count).ShouldBe([3, 5, 2, 2]);
        pods[0].ShouldBeSubsetOf(pods[1]);
        pods[2].ShouldBeSubsetOf(pods[1]);
        pods[3].Overlaps(pods[2]).ShouldBeFalse();
        report
            .Details.Events.Select(e => e.Name)
            .ShouldBe([
                "Deployment backend-1 was scaled from 3 to 5",
                "Deployment backend-1 was scaled from 5 to 2",
                "Deployment backend-1 was restarted",
            ]);

        var after = await DeploymentAsync(lab);
        KubernetesJson.Serialize(after.Spec).ShouldBe(KubernetesJson.Serialize(before.Spec));
        (after.Status.ReadyReplicas, after.Status.UpdatedReplicas).ShouldBe((3, 3));
    }

    [Fact]
    public async Task A_step_for_a_deployment_that_does_not_exist_says_so()
    {
        await using var api = await ApiFixture.StartAsync();
        var missing = ChangedObjects.DeploymentOf(ScenarioCatalog.Load("two-sided-l7").Load, "nothing");
        var refused = await Should.ThrowAsync<InvalidOperationException>(() =>
            new DeploymentChanges(api.Client, TimeProvider.System).PlanAsync(new ScaleStep(2), missing, Cancellation)
        );
        refused.Message.ShouldContain("there is no Deployment backend/nothing");
    }

    /// <summary>cilium/cilium#34991: what is lost is the formula's, and nothing with a preStop sleep that is longer than
    /// the lag.</summary>
    [Theory]
    [InlineData("rollout-loss")]
    [InlineData("rollout-prestop")]
    public async Task A_rollout_loses_what_reaches_pods_that_have_ended(string name)
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        await lab.ReadyAsync();
        var rights = new SessionRights { ChangeSettings = true };
        var run = new ExistingClusterRun(lab.Api, rights, TimeProvider.System);
        var report = await run.RunAsync(ScenarioCatalog.Load(name), new NoListener(), Cancellation);

        report.Expectations.Where(e => !e.Holds).ShouldBeEmpty();
        report.Expectations.Length.ShouldBe(5);
        report.Diagnosis.Name.ShouldBe(
            name == "rollout-loss" ? "failures-during-change" : "undecided",
            report.Diagnosis.Sentence
        );
        (await DeploymentAsync(lab)).Spec.Template.Spec.Containers[0].Lifecycle.ShouldBeNull("it was put back");
    }

    private static Task<k8s.Models.V1Deployment> DeploymentAsync(LiveLab lab) =>
        lab.Api.AppsV1.ReadNamespacedDeploymentAsync("backend-1", "backend", cancellationToken: Cancellation);
}
