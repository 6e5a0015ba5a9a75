using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.LoadTest.Report;

namespace CiliumDebugging.ClusterSetup.Tests.Embedded.Cluster;

/// <summary>
/// cil#14268 on a live cluster. None of it is scripted: with HTTP rules on both sides the successes follow the client's placement, whatever it is.
/// Each run has one phase that begins without load and ends drained, so that all counts are exact.
/// </summary>
public class TwoSidedL7Tests
{
    /// <summary>Shorter than Cilium's default of 1 s, so that a run drains sooner; what fails does not depend on it.</summary>
    private static readonly (string, string) s_shortTimeout = ("proxy-connect-timeout", "200ms");

    private static readonly SeedScenario s_bothPolicies = new() { Steps = [SeedScenario.ApplyBackend, SeedScenario.ApplyLoadTest, SeedScenario.Phase("observe", 2.5)] };

    [Fact]
    public async Task The_scenario_of_the_lab_shows_what_it_expects_and_all_views_agree()
    {
        await using var lab = await LiveLab.StartAsync(LabTopology.Default);
        var report = await lab.RunAsync(ScenarioCatalog.Load("two-sided-l7").With(200, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)));
        report.Expectations.Where(e => !e.Holds).ShouldBeEmpty();
        report.Expectations.Length.ShouldBe(8);
        ShouldReconcile(report);
        var (baseline, observe) = (report.Phases[0], report.Phases[1]);
        baseline.Failures.ShouldBe(0);
        baseline.Pods.ShouldAllBe(p => p.Ok > 0 && p.HubbleServerErrors == 0);
        observe.Pods.Single(p => p.Ok > 0).OnClientNode.ShouldBeTrue();
        observe.ByStatus.Keys.ShouldBe([200, 503]);
    }

    [Fact]
    public async Task With_the_defaults_the_pod_on_the_clients_node_answers_and_the_two_others_stand_for_503()
    {
        await using var lab = await LiveLab.StartAsync(LabTopology.Default);
        var report = await lab.RunAsync(s_bothPolicies.Load());
        ShouldFollowPlacement(report, remotePods: 2, localPods: 1);
    }

    [Fact]
    public async Task A_client_on_another_worker_moves_the_good_pod_with_it()
    {
        await using var lab = await LiveLab.StartAsync(LabTopology.Create("cluster", workers: 3, clientWorker: 1), s_shortTimeout);
        var report = await lab.RunAsync(s_bothPolicies.Load());
        report.ClientNode.ShouldBe("cluster-worker");
        ShouldFollowPlacement(report, remotePods: 2, localPods: 1);
    }

    [Fact]
    public async Task Two_pods_on_the_clients_node_share_all_successes()
    {
        await using var lab = await LiveLab.StartAsync(LabTopology.Create("cluster", workers: 3, clientWorker: 2, backendWorkers: [1, 2, 2]), s_shortTimeout);
        var report = await lab.RunAsync(s_bothPolicies.Load());
        ShouldFollowPlacement(report, remotePods: 1, localPods: 2);
    }

    [Fact]
    public async Task A_client_on_a_node_without_a_pod_gets_nothing_but_503()
    {
        await using var lab = await LiveLab.StartAsync(LabTopology.Create("cluster", workers: 3, clientWorker: 3, backendWorkers: [1, 1, 2]), s_shortTimeout);
        var report = await lab.RunAsync(s_bothPolicies.Load());
        report.Phases[0].Ok.ShouldBe(0);
        ShouldFollowPlacement(report, remotePods: 3, localPods: 0);
    }

    [Fact]
    public async Task Five_nodes_other_names_another_port_and_the_policies_in_the_other_order_change_nothing_but_the_shares()
    {
        var labels = System.Collections.Immutable.ImmutableSortedDictionary.CreateRange<string, string>([new("app", "cart"), new("version", "blue")]);
        var visitor = System.Collections.Immutable.ImmutableSortedDictionary.CreateRange<string, string>([new("app", "visitor")]);
        var plain = LabTopology.Create("berlin", workers: 4, clientWorker: 2, port: 9123);
        var topology = plain with
        {
            Workloads =
            [
                plain.Workloads[0] with { Name = "cart", Namespace = "shop", Labels = labels },
                plain.Workloads[1] with { Name = "visitor", Namespace = "street", Labels = visitor },
            ],
            Services = [plain.Services[0] with { Name = "cart", Namespace = "shop", Selector = labels }],
        };
        await using var lab = await LiveLab.StartAsync(topology, s_shortTimeout);
        var scenario = s_bothPolicies with
        {
            Url = "http://cart.shop:9123/echo",
            Client = "app=visitor",
            Steps = [SeedScenario.ApplyLoadTest, SeedScenario.ApplyBackend, SeedScenario.Phase("observe", 2.5)],
            Names =
            [
                ("namespace: backend", "namespace: shop"), ("app: backend", "app: cart"), ("version: v1", "version: blue"), ("name: backend-1", "name: cart"),
                ("namespace: load-test", "namespace: street"), ("app: load-test-1", "app: visitor"), ("name: load-test-1", "name: visitor"), ("\"8080\"", "\"9123\""),
            ],
        };
        var report = await lab.RunAsync(scenario.Load());
        report.ClientNode.ShouldBe("berlin-worker2");
        ShouldFollowPlacement(report, remotePods: 3, localPods: 1);
    }

    /// <summary>The signature of cil#14268 for a placement: exact counts, and shares within 4 standard errors.</summary>
    private static void ShouldFollowPlacement(RunReport report, int remotePods, int localPods)
    {
        var phase = report.Phases.ShouldHaveSingleItem();
        phase.Pods.Count(p => p.OnClientNode).ShouldBe(localPods);
        phase.Pods.Count(p => !p.OnClientNode).ShouldBe(remotePods);
        // All 2xx come from the client's node; every failure is a 503.
        phase.Unanswered.ShouldBeEmpty();
        phase.ByStatus.Keys.Except([200, 503]).ShouldBeEmpty();
        phase.Pods.ShouldAllBe(p => p.Failed == 0);
        foreach (var local in phase.Pods.Where(p => p.OnClientNode))
        {
            // Two proxies on one node: every request and every answer counts twice.
            local.Echo.ShouldBeGreaterThan(0);
            local.HubbleRequests.ShouldBe(2 * local.Echo);
            local.HubbleOk.ShouldBe(2 * local.Echo);
            local.HubbleServerErrors.ShouldBe(0);
        }
        foreach (var remote in phase.Pods.Where(p => !p.OnClientNode))
        {
            // The client-side proxy alone: the request counts once and so does its 503; the pod itself sees nothing.
            remote.Ok.ShouldBe(0);
            remote.Echo.ShouldBe(0);
            remote.HubbleOk.ShouldBe(0);
            remote.HubbleServerErrors.ShouldBeGreaterThan(0);
            remote.HubbleRequests.ShouldBe(remote.HubbleServerErrors);
        }
        ShouldReconcile(report);
        var requests = report.Reconciliation.Single(r => r.What.Contains("records received", StringComparison.Ordinal)).LeftCount;
        requests.ShouldBeGreaterThan(200);
        var failures = report.Reconciliation.Single(r => r.What.Contains("503", StringComparison.Ordinal) && r.Left.Contains("client", StringComparison.Ordinal)).LeftCount;
        failures.ShouldBe(phase.Pods.Sum(p => p.HubbleServerErrors));
        (failures + phase.Pods.Sum(p => p.Echo)).ShouldBe(requests);
        ShouldBeShare(failures, requests, (double)remotePods / (remotePods + localPods));
        foreach (var pod in phase.Pods) ShouldBeShare(pod.Echo + pod.HubbleServerErrors, requests, 1.0 / phase.Pods.Length);
        report.Diagnosis.Name.ShouldBe("two-sided-l7");
        report.Diagnosis.Sentence.ShouldContain(report.ClientNode);
    }

    private static void ShouldBeShare(double count, double of, double expected) =>
        (count / of).ShouldBe(expected, 4 * Math.Sqrt(expected * (1 - expected) / of) + 1e-12);

    private static void ShouldReconcile(RunReport report)
    {
        report.Reconciliation.Where(r => r.Difference != 0).ShouldBeEmpty();
        report.Reconciles.ShouldBeTrue();
    }
}
