using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// cilium/cilium#14268 on a live cluster. None of it is scripted: with HTTP rules on both sides the successes follow
/// the client's placement, whatever it is. Each run has one phase that begins without load and ends drained, so that
/// all counts are exact.
/// </summary>
public class TwoSidedL7Tests
{
    [Fact]
    public async Task The_scenario_of_the_lab_shows_what_it_expects_and_all_views_agree()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default, SkewSignature.ShortTimeout);
        var report = await lab.RunAsync(
            ScenarioCatalog.Load("two-sided-l7").With(200, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3))
        );
        report.Expectations.Where(e => !e.Holds).ShouldBeEmpty();
        report.Expectations.Length.ShouldBe(8);
        SkewSignature.ShouldReconcile(report);
        var (baseline, observe) = (report.Phases[0], report.Latest);
        baseline.Failures.ShouldBe(0);
        baseline.Pods.ShouldAllBe(p => p.Ok > 0 && p.HubbleServerErrors == 0);
        observe.Pods.Single(p => p.Ok > 0).OnClientNode.ShouldBeTrue();
        observe.ByStatus.Keys.ShouldBe([200, 503]);
    }

    [Fact]
    public async Task With_the_defaults_the_pod_on_the_clients_node_answers_and_the_two_others_stand_for_503()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var report = await lab.RunAsync(SkewSignature.BothPolicies.Load());
        SkewSignature.ShouldFollowPlacement(report, remotePods: 2, localPods: 1);
    }

    [Fact]
    public async Task Five_nodes_other_names_another_port_and_another_order_of_policies_change_only_the_shares()
    {
        var labels = System.Collections.Immutable.ImmutableSortedDictionary.CreateRange<string, string>([
            new("app", "cart"),
            new("version", "blue"),
        ]);
        var visitor = System.Collections.Immutable.ImmutableSortedDictionary.CreateRange<string, string>([
            new("app", "visitor"),
        ]);
        ClusterTopology plain = ClusterTopology.Create("berlin", workers: 4, clientWorker: 2, port: 9123);
        ClusterTopology topology = plain with
        {
            Workloads =
            [
                plain.Workloads[0] with
                {
                    Name = "cart",
                    Namespace = "shop",
                    Labels = labels,
                },
                plain.Workloads[1] with
                {
                    Name = "visitor",
                    Namespace = "street",
                    Labels = visitor,
                },
            ],
            Services = [plain.Services[0] with { Name = "cart", Namespace = "shop", Selector = labels }],
        };
        await using var lab = await LiveLab.StartAsync(topology, SkewSignature.ShortTimeout);
        OriginalReportScenario scenario = SkewSignature.BothPolicies with
        {
            Url = "http://cart.shop:9123/echo",
            Client = "app=visitor",
            Steps =
            [
                OriginalReportScenario.ApplyLoadTest,
                OriginalReportScenario.ApplyBackend,
                OriginalReportScenario.Phase("observe", 2.5),
            ],
            Names =
            [
                ("namespace: backend", "namespace: shop"),
                ("app: backend", "app: cart"),
                ("version: v1", "version: blue"),
                ("name: backend-1", "name: cart"),
                ("namespace: load-test", "namespace: street"),
                ("app: load-test-1", "app: visitor"),
                ("name: load-test-1", "name: visitor"),
                ("\"8080\"", "\"9123\""),
            ],
        };
        var report = await lab.RunAsync(scenario.Load());
        report.ClientNode.ShouldBe("berlin-worker2");
        SkewSignature.ShouldFollowPlacement(report, remotePods: 3, localPods: 1);
    }
}
