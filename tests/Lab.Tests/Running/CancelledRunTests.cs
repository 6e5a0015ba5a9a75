using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Tests.Running.Existing;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>Ctrl-C during a run on a cluster that outlives it.</summary>
public sealed class CancelledRunTests
{
    [Fact]
    public async Task A_run_that_is_cancelled_leaves_no_load_behind()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var (client, _) = await lab.ReadyAsync();
        var attack = new LoadTestClient(lab.View.Proxy, client.Namespace(), client.Name());
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var listener = new UnderLoad();
        var scenario = ScenarioCatalog.Load("two-sided-l7");
        var run = new ScenarioRunner(lab.Api, TimeProvider.System).RunAsync(scenario, 3, listener, interrupt.Token);
        await listener.Seen.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        (await attack.StateAsync(TestContext.Current.CancellationToken)).Running.ShouldBeTrue();

        await interrupt.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => run);
        await Eventually.HoldsAsync("the load has ended", async () =>
            !(await attack.StateAsync(TestContext.Current.CancellationToken)).Running
        );
    }

    /// <summary>Notices the first requests.</summary>
    private sealed class UnderLoad() : ForwardingRunListener(new NoListener())
    {
        public TaskCompletionSource Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void OnSample(LiveSample sample)
        {
            if (sample.Requests > 0)
                Seen.TrySetResult();
        }
    }
}
