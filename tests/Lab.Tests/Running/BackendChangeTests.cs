using System.Net;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>What the ledger makes of a Pod that is replaced under load.</summary>
public class BackendChangeTests
{
    private const int Ports = 2_000;

    [Fact]
    public void Nothing_is_evaluated_in_the_gap_and_in_the_next_phase_every_port_is_fresh_again()
    {
        var ledger = new RunLedger(IPAddress.Loopback);
        var first = Phase("baseline", 0, "a", "b", "c");
        ledger.Begin(first);
        first.EndAt(20);
        var at = 0L;
        for (; at < 2_000; at++)
            Add(ledger, at, at % Ports, Pod(at, "a", "b", "c"));
        ledger.BackendsChange("pod a was deleted", 20);
        // For a second there are two backends: uneven among three, as it should be.
        for (; at < 2_100; at++)
            Add(ledger, at, at % Ports, Pod(at, "b", "c"));
        var second = Phase("observe", 21, "b", "c", "d");
        ledger.Begin(second);
        for (; at < 8_100; at++)
            Add(ledger, at, at % Ports, Pod(at, "b", "c", "d"));
        second.EndAt(81);
        ledger.Confirm(81);
        ledger.Status.State.ShouldNotBe(VerdictKind.Skewed);
        ledger.Status.EpisodesTotal.ShouldBe(0);
        second.Report("node").Selection.Connections.ShouldBe(Ports);
        var measured = ledger.Measure(new PodReplacement("a", "d", 20, 21));
        (measured.PortsUsed, measured.GapConnections, measured.GapSeconds).ShouldBe((2_000, 100, 1));
    }

    [Fact]
    public void A_starved_new_pod_is_skew_of_the_new_segment()
    {
        var ledger = new RunLedger(IPAddress.Loopback);
        var first = Phase("baseline", 0, "a", "b", "c");
        ledger.Begin(first);
        first.EndAt(20);
        var at = 0L;
        for (; at < 2_000; at++)
            Add(ledger, at, at % Ports, Pod(at, "a", "b", "c"));
        ledger.BackendsChange("pod a was deleted", 20);
        ledger.Begin(Phase("observe", 20, "b", "c", "d"));
        for (; at < 4_000; at++)
            Add(ledger, at, at % Ports, Pod(at, "b", "c", "b", "c", "b", "c", "d"));
        ledger.Confirm(40);
        var episode = ledger.Status.Episodes.ShouldHaveSingleItem();
        episode.Onset.DescribeEvents().ShouldContain("pod a was deleted");
    }

    [Fact]
    public void What_started_before_a_change_was_noticed_is_not_evaluated_by_the_shares_before_it()
    {
        var ledger = new RunLedger(IPAddress.Loopback);
        var nearOnly = new PhaseTally("zones", 0, Backends([0.5, 0.5, 0], "a", "b", "c"), ClusterCounters.Zero);
        ledger.Begin(nearOnly);
        var at = 0L;
        for (; at < 2_000; at++)
            Add(ledger, at, at, Pod(at, "a", "b"));
        ledger.Confirm(20);
        // The hints go; the next look at the slices comes half a second later, when answers of c are there.
        for (; at < 2_050; at++)
            Add(ledger, at, at, Pod(at, "a", "b", "c"));
        nearOnly.EndAt(20);
        ledger.BackendsChange("other expected shares", 20);
        var all = Phase("after", 20.5, "a", "b", "c");
        ledger.Begin(all);
        for (; at < 6_000; at++)
            Add(ledger, at, at, Pod(at, "a", "b", "c"));
        all.EndAt(60);
        ledger.Confirm(60);

        ledger.Status.EpisodesTotal.ShouldBe(0);
        var (before, after) = (nearOnly.Report("node").Delivery.Successes, all.Report("node").Delivery.Successes);
        (before.Kind, before.Connections, before.Shares[2].Expected).ShouldBe((VerdictKind.Even, 2_000, 0));
        (after.Kind, after.Connections).ShouldBe((VerdictKind.Even, 3_950));
    }

    [Fact]
    public void An_event_is_dated_between_the_requests_that_started_before_and_after_it_whenever_they_are_evaluated()
    {
        var ledger = new RunLedger(IPAddress.Loopback);
        ledger.Begin(Phase("baseline", 0, "a", "b", "c"));
        var at = 0L;
        for (; at < 2_000; at++)
            Add(ledger, at, at, Pod(at, "a", "b", "c"));
        ledger.Record("a policy was applied", 20);
        for (; at < 2_200; at++)
            Add(ledger, at, at, "c");
        // Nothing was evaluated so far.
        ledger.Status.EpisodesTotal.ShouldBe(0);
        ledger.Confirm(double.PositiveInfinity);

        var onset = ledger.Status.Episodes.ShouldHaveSingleItem().Onset;
        (onset.Best.Event?.Name, onset.Best.Connection, onset.Best.At).ShouldBe(
            ("a policy was applied", 2_000, TimeSpan.FromSeconds(20))
        );
    }

    [Fact]
    public void Two_changes_in_a_row_leave_no_gap_that_is_evaluated()
    {
        var ledger = new RunLedger(IPAddress.Loopback);
        ledger.Begin(Phase("baseline", 0, "a", "b", "c"));
        ledger.Phases[^1].EndAt(1);
        ledger.BackendsChange("no longer ready: c", 1);
        ledger.Begin(Phase("after 1", 2, "a", "b"));
        ledger.Phases[^1].EndAt(2);
        ledger.BackendsChange("no longer ready: b", 2);
        ledger.Begin(Phase("after 2", 3, "a"));
        for (var at = 0L; at < 400; at++)
            Add(
                ledger,
                at,
                at,
                at < 100 ? Pod(at, "a", "b", "c")
                    : at < 200 ? Pod(at, "a", "b")
                    : "a"
            );
        ledger.Confirm(4);

        ledger.Phases.Select(p => p.Requests).ShouldBe([100, 0, 100]);
        ledger.Status.EpisodesTotal.ShouldBe(0);
    }

    [Theory]
    [InlineData("{}", PodPlace.Any)]
    [InlineData("{node: client}", PodPlace.ClientNode)]
    [InlineData("{node: other}", PodPlace.OtherNode)]
    public void A_scenario_says_which_pod_is_deleted(string text, PodPlace place) =>
        Read(
            $"steps: [{{deletePod: {text}}}, {{phase: observe, for: 1s}}]\n"
                + "expect: [{phase: observe, newPodShare: stale-conntrack}]"
        )
            .Steps.OfType<DeletePodStep>()
            .ShouldHaveSingleItem()
            .Place.ShouldBe(place);

    [Fact]
    public void A_scenario_scales_restarts_and_waits() =>
        Read(
            "steps: [{scale: {replicas: 5}}, {scale: {deployment: x, replicas: 0}}, {rollout: {}}, "
                + "{rollout: {deployment: x, preStopSeconds: 6, terminationGracePeriodSeconds: 20}}, {wait: 1500ms}, "
                + "{phase: observe, for: 1s}]"
        )
            .Steps.Select(s => (s, s.Describe()))
            .SkipLast(1)
            .ShouldBe([
                (new ScaleStep(5), "scale the Deployment behind the Service to 5 replicas"),
                (new ScaleStep(0, "x"), "scale Deployment x to 0 replicas"),
                (new RolloutStep(), "restart the Deployment behind the Service"),
                (
                    new RolloutStep("x", 6, 20),
                    "restart Deployment x with preStop sleep 6 s, termination grace period 20 s"
                ),
                (new WaitStep(TimeSpan.FromSeconds(1.5)), "wait 1.5 s"),
            ]);

    [Theory]
    [InlineData(
        "steps: [{deletePod: {node: moon}}, {phase: observe, for: 1s}]",
        "steps[1].deletePod must be {}, {node: client} or {node: other}"
    )]
    [InlineData("steps: [{deletePod: backend-1}, {phase: observe, for: 1s}]", "steps[1].deletePod must be")]
    [InlineData(
        "steps: [{phase: observe, for: 1s}]\nexpect: [{phase: observe, newPodShare: even}]",
        "no pod is deleted before phase 'observe'"
    )]
    [InlineData("steps: [{phase: {}, for: 1s}]", "a step is")]
    [InlineData("steps: [{scale: 5}, {phase: observe, for: 1s}]", "steps[1].scale must be fields")]
    [InlineData("steps: [{scale: {}}, {phase: observe, for: 1s}]", "steps[1].scale.replicas is missing")]
    [InlineData("steps: [{scale: {replicas: -1}}]", "steps[1].scale.replicas '-1' must be from 0 to 1000")]
    [InlineData("steps: [{scale: {replicas: 1, preStopSeconds: 1}}]", "scale.preStopSeconds is unknown")]
    [InlineData("steps: [{rollout: {replicas: 3}}]", "steps[1].rollout.replicas is unknown; fields are deployment, ")]
    [InlineData("steps: [{rollout: {terminationGracePeriodSeconds: 0}}]", "'0' must be from 1 to 3600")]
    [InlineData("steps: [{rollout: {deployment: ''}}]", "steps[1].rollout.deployment has no name")]
    [InlineData("steps: [{wait: soon}]", "steps[1].wait 'soon' is not a duration")]
    public void A_step_that_cannot_be_read_is_named(string yaml, string problem) =>
        Should.Throw<ScenarioException>(() => Read(yaml)).Message.ShouldContain(problem);

    private static Scenario Read(string yaml)
    {
        var folder = Directory.CreateTempSubdirectory("scenario-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "scenario.yaml"), $"load: {{url: 'http://a.b/'}}\n{yaml}\n");
            return ScenarioCatalog.Load(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static PhaseTally Phase(string name, double start, params string[] pods) =>
        new(name, start, Backends([.. pods.Select(_ => 1.0)], pods), ClusterCounters.Zero);

    private static ExpectedBackends Backends(double[] weights, params string[] pods) =>
        new([.. pods.Select(p => new BackendPod(p, "backend", "node"))], ExpectedShares.Weighted(pods, weights));

    /// <summary>A choice that looks random: the golden ratio spreads it evenly without a period.</summary>
    private static string Pod(long number, params ReadOnlySpan<string> pods) =>
        pods[(int)(number * 0.6180339887498949 % 1 * pods.Length)];

    private static void Add(RunLedger ledger, long number, long port, string pod) =>
        ledger.Add(
            new RecordLine
            {
                Seq = number,
                Due = number / 100.0,
                Start = number / 100.0,
                End = number / 100.0,
                Port = 40_000 + (int)port,
                Conn = number,
                Nth = 0,
                Outcome = Outcome.Response,
                Status = 200,
                Pod = pod,
                Node = "node",
                Bytes = 3,
                Errno = 0,
            }
        );
}
