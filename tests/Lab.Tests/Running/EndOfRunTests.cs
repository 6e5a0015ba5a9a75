using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Tests.Running.Existing;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>Runs whose last steps change the cluster: what is said is what holds at the end.</summary>
public class EndOfRunTests
{
    private static readonly Scenario s_scenario = ScenarioCatalog.Load("two-sided-l7");

    [Fact]
    public async Task A_scenario_that_scales_to_none_ends_without_a_ready_pod_and_says_after_what()
    {
        var report = await RunAsync([
            new PhaseStep("baseline", TimeSpan.FromSeconds(2)),
            new ScaleStep(0),
            new PhaseStep("observe", TimeSpan.FromSeconds(3)),
        ]);

        var status = RunStatus.Of(report, LiveSample.None);
        (status.Headline, status.Answers, status.After).ShouldBe(
            ("0 of 3 pods answer", "No pod answers.", "Deployment backend-1 was scaled from 3 to 0")
        );
        report.Expectations.ShouldContain(e =>
            e.What == "observe: is measured" && e.Observed == "no pod of the Service was ready"
        );
    }

    [Fact]
    public async Task A_policy_that_is_deleted_after_the_last_phase_makes_no_counts_differ()
    {
        var policy = s_scenario.Steps.OfType<ApplyStep>().First(s => s.File == "backend-policy.yaml");
        var report = await RunAsync([
            policy,
            new PhaseStep("observe", TimeSpan.FromSeconds(2)),
            new DeleteStep(policy.File, policy.Policies),
            new WaitStep(TimeSpan.FromSeconds(1)),
        ]);

        report.Reconciliation.ShouldAllBe(line => line.Difference == 0);
        report.Phases[^1].IsEvaluated.ShouldBeFalse();
    }

    private static async Task<RunReport> RunAsync(ImmutableArray<ScenarioStep> steps)
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        await lab.ReadyAsync();
        var scenario = s_scenario with
        {
            Steps = steps,
            Expect = [new PhaseExpectation("observe") { Failures = false }],
        };
        return await new ExistingClusterRun(lab.Api, new SessionRights(), TimeProvider.System).RunAsync(
            scenario,
            new NoListener(),
            TestContext.Current.CancellationToken
        );
    }
}
