using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>
/// Scenarios that no other test runs live, one after the other on one cluster, in less time than the lab gives them.
/// Phases that need a number of requests last until these are sent, and limit the requests under way: a slow machine
/// takes longer, and uses no other ports.
/// </summary>
public class LiveScenarioTests(LiveScenarioTests.ZonesLab lab) : IClassFixture<LiveScenarioTests.ZonesLab>
{
    public sealed class ZonesLab() : ScenarioLab(ScenarioCatalog.Load("topology-zones").Topology.Build());

    /// <summary>
    /// Half the scenario's ports, and two and a half times its rate: only the ratio of connections to ports matters.
    /// No diagnosis: after a long gap the new pod may have no requests at all. No verdict: 500 connections, of which
    /// those on ports used before do not count, are about as many as a verdict needs; the formula says more.
    /// </summary>
    private static Scenario Stale(string ports)
    {
        var scenario = On(ports, ScenarioCatalog.Load("stale-conntrack"));
        return scenario with
        {
            Load = scenario.Load with { RatePerSecond = 250, InFlight = 100 },
            Steps = [Phase("baseline", 2), .. scenario.Steps.OfType<DeletePodStep>(), Phase("observe", 2)],
            Expect = [.. WithoutDiagnosis(scenario).Select(e => e with { Delivery = null })],
        };
    }

    /// <summary>Each test has client ports of its own, because the node remembers what it chose for a port.</summary>
    private static Scenario On(string ports, Scenario scenario) =>
        scenario with
        {
            Load = scenario.Load with { Ports = ports },
        };

    private static ImmutableArray<PhaseExpectation> WithoutDiagnosis(Scenario scenario) =>
        [.. scenario.Expect.Select(e => e with { Diagnosis = null })];

    private static PhaseStep Phase(string name, double seconds) =>
        new(name, TimeSpan.FromSeconds(seconds), (int)(seconds * 250));

    /// <summary>cilium/cilium#14250: the new pod is starved by as much as the formula says.</summary>
    [Fact]
    public async Task A_pod_that_replaced_another_gets_the_share_of_the_stale_conntrack_formula()
    {
        var starved = await lab.RunAsync(Stale("odd:40000-40999"));
        starved.Expectations.Count(e => e.What.Contains("the new pod", StringComparison.Ordinal)).ShouldBe(1);
        starved.Latest.Pods.Select(p => p.Pod.Name).ShouldNotBe(starved.Phases[0].Pods.Select(p => p.Pod.Name));
        starved.Status.State.ShouldNotBe(VerdictKind.Even);
        starved.Diagnosis.Name.ShouldBeOneOf("stale-conntrack", "unknown", "undecided");
    }

    /// <summary>Cilium 1.19.4 keeps the backend of a port only where it saw no end of the connection.</summary>
    [Theory]
    [InlineData("lost", "odd:47000-47999", true)]
    [InlineData("seen", "odd:48000-48999", false)]
    public async Task With_1_19_a_pod_that_replaced_another_is_starved_by_connections_that_ended_silently(
        string fin,
        string ports,
        bool starved
    )
    {
        var scenario = Stale(ports);
        var even = new PhaseExpectation("observe")
        {
            Delivery = ExpectedDelivery.NotSkewed,
            Failures = false,
            NewPodShare = ExpectedNewPodShare.Even,
        };
        var report = await lab.RunAsync(
            scenario with
            {
                Expect = starved ? scenario.Expect : [even],
            },
            ("sandbox-cilium-version", "1.19.4"),
            ("sandbox-fin", fin)
        );
        report.Expectations.ShouldContain(e => e.What.Contains("the new pod", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_socket_lb_a_pod_that_replaced_another_gets_an_even_share()
    {
        var even = new PhaseExpectation("observe")
        {
            Delivery = ExpectedDelivery.NotSkewed,
            Failures = false,
            NewPodShare = ExpectedNewPodShare.Even,
        };
        var report = await lab.RunAsync(
            Stale("odd:42000-42999") with
            {
                Expect = [even],
            },
            ("enable-host-reachable-services", "true")
        );
        report.Expectations.Length.ShouldBe(3);
    }

    /// <summary>
    /// Entries live for 1 to 2 s, in which a port may be used again and keep its entry. A few seconds later hardly
    /// any entry is left.
    /// </summary>
    [Fact]
    public async Task With_entries_of_1_s_a_pod_that_replaced_another_gets_an_even_share()
    {
        var scenario = Stale("odd:44000-44999");
        scenario = scenario with
        {
            Steps =
            [
                .. scenario.Steps.SkipLast(1),
                new PhaseStep("expiry", TimeSpan.FromSeconds(3)),
                scenario.Steps[^1],
            ],
            Expect = [new PhaseExpectation("observe") { Delivery = ExpectedDelivery.NotSkewed, Failures = false }],
        };
        var report = await lab.RunAsync(
            scenario,
            ("bpf-ct-timeout-service-tcp", "1s"),
            ("conntrack-gc-interval", "1s")
        );
        var old = report.Phases[0].Pods.Select(p => p.Pod.Name).ToHashSet(StringComparer.Ordinal);
        var observed = report.Latest;
        var share = (double)observed.Pods.Single(p => !old.Contains(p.Pod.Name)).Ok / observed.Ok;
        share.ShouldBe(1.0 / 3, 0.15, "stale entries would leave it 0.1");
    }

    /// <summary>
    /// Too few failures for a diagnosis, and the same factor. A slow machine would use up the retry budget.
    /// </summary>
    [Fact]
    public async Task A_backend_that_fails_is_asked_4_times_through_one_proxy_and_16_times_through_two()
    {
        var retries = On(
            "odd:46000-46999",
            ScenarioCatalog.Load("retry-amplification").With(2, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3))
        );
        var report = await lab.RunAsync(
            retries with
            {
                Expect = WithoutDiagnosis(retries),
            },
            ("proxy-max-concurrent-retries", "1000")
        );
        report.Expectations.Length.ShouldBe(6);
        report.Reconciliation.Where(r => r.Difference != 0).ShouldBeEmpty();
        report.Reconciliation.ShouldContain(r => r.What == "requests that reached a pod");
    }

    [Fact]
    public async Task Kept_connections_are_even_by_turns_and_leave_a_new_pod_hardly_any()
    {
        var ipvs = On(
            "odd:48000-48999",
            ScenarioCatalog.Load("ipvs-restart").With(108, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(1))
        );
        // Too few requests on a connection for a diagnosis.
        var kept = await lab.RunAsync(ipvs with { Expect = WithoutDiagnosis(ipvs) });
        kept.Expectations.ShouldContain(e => e.What.Contains("the new pod", StringComparison.Ordinal));
        kept.Phases[0]
            .Pods.Select(p => (double)p.Ok / kept.Phases[0].Ok)
            .ShouldAllBe(share => Math.Abs(share - 1.0 / 3) < 0.08, "9 of 27 connections each, give or take one");
    }

    [Fact]
    public async Task Zones_keep_the_load_of_their_clients()
    {
        var report = await lab.RunAsync(
            On("odd:50000-51999", ScenarioCatalog.Load("topology-zones").With(200, null, TimeSpan.FromSeconds(1.5)))
        );
        report.Expectations.Length.ShouldBe(4);
    }
}
