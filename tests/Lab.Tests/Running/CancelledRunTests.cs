using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Tests.Running.Existing;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>Ctrl-C during a run on a cluster that outlives it.</summary>
public sealed class CancelledRunTests
{
    [Fact]
    public async Task A_run_that_is_cancelled_leaves_no_load_behind_and_reports_what_was_complete()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var (client, _) = await lab.ReadyAsync();
        var attack = new LoadTestClient(lab.View.Proxy, client.Namespace(), client.Name());
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var listener = new UnderLoad("observe");
        var scenario = ScenarioCatalog.Load("two-sided-l7");
        var run = new ScenarioRunner(lab.Api, TimeProvider.System).RunAsync(scenario, 3, listener, interrupt.Token);
        await listener.Seen.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        (await attack.StateAsync(TestContext.Current.CancellationToken)).Running.ShouldBeTrue();

        await interrupt.CancelAsync();

        var report = await run;
        // Requests that fail have their outcome after the proxy's retries: some are in flight.
        var end = report.EndedEarly.ShouldNotBeNull();
        end.IsInterruption.ShouldBeTrue();
        (report.Holds, report.Phases[0].Name, report.Phases[0].IsCutOff).ShouldBe((false, "baseline", false));
        report.Phases[0].Requests.ShouldBeGreaterThan(90);
        report.Expectations.ShouldContain(e => e.What == "baseline: no request fails");
        report.Expectations.ShouldContain(e => e.What == "observe: is measured" && !e.Holds);
        RequestTotals.Of(report.Phases).ShouldBe(report.Totals);
        RunStatus
            .Of(report, LiveSample.None)
            .Title.ShouldMatch(
                "^Partial result, because the run was interrupted( with [1-9][0-9]* requests? in flight)?: "
            );
        DocumentOf.Run(report).EndedEarly.ShouldBe(end.Reason);
        await Eventually.HoldsAsync("the load has ended", async () =>
            !(await attack.StateAsync(TestContext.Current.CancellationToken)).Running
        );
    }

    [Fact]
    public async Task A_run_that_is_cancelled_in_its_first_moments_reports_what_there_is()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        await lab.ReadyAsync();
        var scenario = ScenarioCatalog.Load("session-affinity");
        var reports = 0;
        for (var milliseconds = 0; milliseconds < 1200; milliseconds += 150)
        {
            using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(
                TestContext.Current.CancellationToken
            );
            var listener = new FirstPhase();
            var run = new ScenarioRunner(lab.Api, TimeProvider.System).RunAsync(scenario, 3, listener, interrupt.Token);
            await listener.Seen.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            interrupt.CancelAfter(milliseconds);
            try
            {
                var report = await run;
                report.EndedEarly.ShouldNotBeNull().IsInterruption.ShouldBeTrue();
                RequestTotals.Of(report.Phases).ShouldBe(report.Totals);
                reports++;
            }
            catch (OperationCanceledException)
            {
                // Before the first request there is nothing to report.
            }
        }
        reports.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_load_test_that_is_killed_is_named_and_what_was_complete_is_reported()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var (client, _) = await lab.ReadyAsync();
        var listener = new UnderLoad("observe");
        var run = lab.RunAsync(ScenarioCatalog.Load("two-sided-l7"), listener);
        await listener.Seen.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        await lab.KillAsync(client);

        var report = await run;
        report.EndedEarly.ShouldBe(
            new EarlyEnd(
                $"pod {client.Namespace()}/{client.Name()}, which sends the load, was killed by signal 9",
                IsInterruption: false
            )
        );
        report.Phases.Where(p => p.IsEvaluated).Select(p => p.Name).ShouldBe(["baseline"]);
        RequestTotals.Of(report.Phases).ShouldBe(report.Totals);
        RunStatus.Of(report, LiveSample.None).IsFault.ShouldBeFalse();
    }

    /// <summary>Notices that a phase is to be measured.</summary>
    private sealed class FirstPhase() : ForwardingRunListener(new NoListener())
    {
        public TaskCompletionSource Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void OnPhase(PhaseStep phase) => Seen.TrySetResult();
    }

    /// <summary>Notices the first sample of a phase.</summary>
    private sealed class UnderLoad(string phase) : ForwardingRunListener(new NoListener())
    {
        public TaskCompletionSource Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void OnSample(LiveSample sample)
        {
            if (sample.Phase == phase)
                Seen.TrySetResult();
        }
    }
}
