using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Tests.Running.Existing;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>A run during which the test changes the cluster through its API, as kubectl would.</summary>
internal static class ChangedRun
{
    /// <summary>Fifty requests a second for some time, none of which should fail.</summary>
    public static Scenario Plain(double seconds)
    {
        var scenario = ScenarioCatalog.Load("two-sided-l7");
        return scenario with
        {
            Steps = [new PhaseStep("observe", TimeSpan.FromSeconds(seconds))],
            Expect = [new PhaseExpectation("observe") { Failures = false }],
        };
    }

    public static async Task<RunReport> RunAsync(LiveLab lab, Scenario scenario, Func<Task> change)
    {
        var listener = new UnderLoad(TimeSpan.FromSeconds(1.5));
        var run = new ScenarioRunner(lab.Api, TimeProvider.System).RunAsync(
            scenario,
            3,
            listener,
            TestContext.Current.CancellationToken
        );
        await Task.WhenAny(run, listener.Seen.Task);
        await change();
        return await run;
    }

    public static async Task PatchDeploymentAsync(LiveLab lab, string patch) =>
        await lab.Api.AppsV1.PatchNamespacedDeploymentAsync(
            new V1Patch(patch, V1Patch.PatchType.MergePatch),
            "backend-1",
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );

    /// <summary>Notices that the load has run for a while.</summary>
    private sealed class UnderLoad(TimeSpan time) : ForwardingRunListener(new NoListener())
    {
        public TaskCompletionSource Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void OnSample(LiveSample sample)
        {
            if (sample.Elapsed > time)
                Seen.TrySetResult();
        }
    }
}
