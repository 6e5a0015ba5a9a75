using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Tests.Running.Existing;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>Load before a run at a high rate on the embedded cluster.</summary>
public sealed class WarmUpLoadTests
{
    private static readonly AttackOrder s_load = new(new Uri("http://backend-1.backend:8080/echo"), 1000);

    [Theory]
    [InlineData(null, "10000-32767")]
    [InlineData("even", "10000-32767")]
    [InlineData("odd:20000-20399", "10000-19999")]
    public void It_comes_from_ports_that_the_run_does_not_use(string? ports, string others) =>
        WarmUpLoad.For(s_load with { Ports = ports })!.Ports.ShouldBe(others);

    [Fact]
    public void It_keeps_at_most_a_fifth_of_a_second_of_requests_waiting() =>
        WarmUpLoad.For(s_load)!.MaxInFlight.ShouldBe(200);

    [Fact]
    public void There_is_none_at_a_low_rate_for_kept_connections_or_without_other_ports()
    {
        WarmUpLoad.For(s_load with { RatePerSecond = 499 }).ShouldBeNull();
        WarmUpLoad.For(s_load with { KeepAliveConnections = 3 }).ShouldBeNull();
        WarmUpLoad.For(s_load with { Ports = "1024-60999" }).ShouldBeNull();
    }

    [Fact]
    public async Task It_has_ended_before_the_run_and_is_in_none_of_its_counts()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        await lab.ReadyAsync();
        var steps = new Steps("baseline: ");
        var report = await new ScenarioRunner(lab.Api, TimeProvider.System).RunAsync(
            At600("no-cilium", TimeSpan.FromSeconds(1)),
            3,
            steps,
            TestContext.Current.CancellationToken
        );
        steps.All.ShouldContain("warming up at 600 requests/s, before the run");
        RequestTotals.Of(report.Phases).ShouldBe(report.Totals);
        report.Reconciliation.ShouldAllBe(l => l.Difference == 0);
    }

    [Fact]
    public async Task One_that_is_interrupted_leaves_no_load_behind()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var (client, _) = await lab.ReadyAsync();
        var attack = new LoadTestClient(lab.View.Proxy, client.Namespace(), client.Name());
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var steps = new Steps("warming up");
        var run = new ScenarioRunner(lab.Api, TimeProvider.System).RunAsync(
            At600("no-cilium", TimeSpan.FromSeconds(1)),
            3,
            steps,
            interrupt.Token
        );
        await steps.Seen.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("the load has begun", async () =>
            await attack.TryStateAsync(TestContext.Current.CancellationToken) is { Running: true }
        );

        await interrupt.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(run);
        (await attack.StateAsync(TestContext.Current.CancellationToken)).Running.ShouldBeFalse();
    }

    private static Scenario At600(string name, TimeSpan phase)
    {
        var scenario = ScenarioCatalog.Load(name);
        return scenario with
        {
            Load = scenario.Load with { RatePerSecond = 600 },
            Steps = [.. scenario.Steps.Select(s => s is PhaseStep p ? p with { Duration = phase } : s)],
        };
    }

    private sealed class Steps(string awaited) : ForwardingRunListener(new NoListener())
    {
        private readonly List<string> _all = [];

        public IReadOnlyList<string> All => _all;

        public TaskCompletionSource Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void OnStep(string what)
        {
            _all.Add(what);
            if (what.StartsWith(awaited, StringComparison.Ordinal))
                Seen.TrySetResult();
        }
    }
}
