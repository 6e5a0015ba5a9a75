using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster;
using CiliumDebugging.EmbeddedCluster.Api.Access;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using k8s;

namespace CiliumDebugging.Lab.Tests.Control;

/// <summary>Commands on a cluster without Pods, and its reset.</summary>
public sealed class LabControllerTests : IAsyncLifetime
{
    private static readonly Scenario s_scenario = ScenarioCatalog.Load("two-sided-l7");
    private EmbeddedClusterHost _cluster = null!;
    private Kubernetes _api = null!;
    private LabController _lab = null!;

    public async ValueTask InitializeAsync()
    {
        var token = ClusterEnvironment.NewApiToken();
        var topology = ClusterTopology.Default;
        topology = topology with { Workloads = [.. topology.Workloads.Select(w => w with { Nodes = [] })] };
        var options = new ClusterOptions { Topology = topology, ApiToken = token };
        _cluster = await EmbeddedClusterHost.StartAsync(
            options,
            cancellationToken: TestContext.Current.CancellationToken
        );
        _api = ApiClient.Create(_cluster.ApiUrl, token);
        _lab = new LabController(
            _api,
            s_scenario,
            new LabControllerOptions(
                [new ScenarioChoice("two-sided-l7", "")],
                ScenarioCatalog.Load,
                s => s.Settings,
                _ => 3
            ),
            TimeProvider.System
        );
    }

    [Theory]
    [InlineData(PageAction.Stop, "", "no run is under way")]
    [InlineData(PageAction.WriteReport, "", "start a run first")]
    [InlineData(PageAction.ApplyPolicy, "../../etc/passwd", "it has backend-policy.yaml, load-test-policy.yaml")]
    [InlineData(PageAction.DeletePod, "kube-system/cilium-x", "there is no backend pod 'kube-system/cilium-x'")]
    [InlineData(PageAction.Run, "/etc", "choose one of two-sided-l7")]
    public async Task What_cannot_be_done_is_refused_with_what_can(PageAction action, string target, string why) =>
        (await Should.ThrowAsync<CommandRefusedException>(() => RunAsync(action, target))).Message.ShouldContain(why);

    [Fact]
    public async Task Policies_are_applied_and_removed_without_a_run_and_a_reset_removes_them()
    {
        await RunAsync(PageAction.ApplyPolicy, "load-test-policy.yaml");
        Applied().ShouldBe(["load-test-policy.yaml"]);
        await RunAsync(PageAction.ApplyPolicy, "load-test-policy.yaml"); // again: no effect
        await RunAsync(PageAction.RemovePolicy, "load-test-policy.yaml");
        Applied().ShouldBeEmpty();

        await RunAsync(PageAction.ApplyPolicy, "backend-policy.yaml");
        var settings = ImmutableSortedDictionary
            .Create<string, string>(StringComparer.Ordinal)
            .Add("bpf-lb-sock", "true");
        await new ClusterReset(_api, TimeProvider.System, _lab.Undo).RunAsync(
            s_scenario,
            settings,
            TestContext.Current.CancellationToken
        );

        await RunAsync(PageAction.RemovePolicy, "load-test-policy.yaml"); // makes the controller look
        Applied().ShouldBeEmpty();
        var map = await _api.CoreV1.ReadNamespacedConfigMapAsync(
            "cilium-config",
            "kube-system",
            cancellationToken: TestContext.Current.CancellationToken
        );
        map.Data.ShouldBe(settings);
    }

    [Fact]
    public async Task The_last_requested_run_waits_for_the_host()
    {
        await RunAsync(PageAction.Run, "two-sided-l7");
        await RunAsync(PageAction.Manual, "");

        var order = await _lab.NextOrderAsync(TestContext.Current.CancellationToken);

        order.Manual.ShouldBeTrue();
        order.Scenario.Name.ShouldBe("two-sided-l7");
    }

    private Task<string> RunAsync(PageAction action, string target) =>
        _lab.RunAsync(new PageCommand(action, target), TestContext.Current.CancellationToken);

    private IEnumerable<string> Applied() => _lab.Feed.Lab.Policies.Where(p => p.Applied).Select(p => p.Id);

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        _api.Dispose();
        await _cluster.DisposeAsync();
    }
}
