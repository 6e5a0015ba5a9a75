using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>
/// Changes by others of which the consequences are known a moment later than the change: nothing false is said of the
/// time between.
/// </summary>
public class SilentChangeTests
{
    [Fact]
    public async Task A_scale_down_is_no_skew_and_nothing_recovers_from_it()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var scenario = ChangedRun.Plain(seconds: 8);
        var report = await ChangedRun.RunAsync(
            lab,
            scenario with
            {
                Load = scenario.Load with { RatePerSecond = 200 },
                Expect = [],
            },
            () => ChangedRun.PatchDeploymentAsync(lab, """{"spec": {"replicas": 1}}""")
        );

        AccountingTests.ShouldBeComplete(report);
        report.Status.EpisodesTotal.ShouldBe(0);
        RunStatus.Of(report, LiveSample.None).Title.ShouldStartWith("No skew");
        report.Latest.Pods.Length.ShouldBe(1);
    }

    [Fact]
    public async Task Requests_from_before_an_HTTP_policy_are_not_compared_with_what_its_proxies_count()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var scenario = ChangedRun.Plain(seconds: 6);
        var report = await ChangedRun.RunAsync(lab, scenario with { Expect = [] }, () =>
            lab.ApplyAsync("backend-policy.yaml")
        );

        AccountingTests.ShouldBeComplete(report);
        report.Reconciliation.ShouldAllBe(line => line.Difference == 0);
        report.Phases[0].HttpRules.ShouldBe((false, false));
        report.Latest.HttpRules.ShouldBe((false, true));
    }

    [Fact]
    public async Task A_selector_that_selects_nothing_leaves_no_endpoints_whatever_failed_at_the_edge()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var scenario = ChangedRun.Plain(seconds: 6);
        var report = await ChangedRun.RunAsync(lab, scenario with { Expect = [] }, () =>
            lab.Api.CoreV1.PatchNamespacedServiceAsync(
                new V1Patch("""{"spec": {"selector": {"app": "nix"}}}""", V1Patch.PatchType.MergePatch),
                "backend-1",
                "backend",
                fieldManager: "a-test",
                cancellationToken: TestContext.Current.CancellationToken
            )
        );

        AccountingTests.ShouldBeComplete(report);
        report.Diagnosis.Name.ShouldBe("no-endpoints");
    }
}
