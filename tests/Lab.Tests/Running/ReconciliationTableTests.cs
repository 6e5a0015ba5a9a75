using System.Collections.Immutable;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>Nothing is lost in the count, and what is lost is shown.</summary>
public class ReconciliationTableTests
{
    private static readonly BackendPod s_local = new("local", "backend", "client-node");
    private static readonly BackendPod s_remote = new("remote", "backend", "other-node");

    [Fact]
    public void What_two_sided_policies_do_adds_up() => Build(Counters()).ShouldAllBe(l => l.Difference == 0);

    [Fact]
    public void A_request_that_reached_a_backend_twice_is_shown() =>
        Build(Counters(echoLocal: 3))
            .Where(l => l.Difference != 0)
            .Select(l => l.What)
            .ShouldContain("requests that reached local");

    [Fact]
    public void A_backend_that_was_restarted_is_left_out_and_named()
    {
        var before = Counters();
        var after = before with { Echo = before.Echo.SetItem(s_local.HubbleName, 0) };

        var counted = after.Since(before with { Echo = before.Echo.SetItem(s_local.HubbleName, 7) });

        counted.RestartedPods.ShouldBe([s_local.HubbleName]);
        counted.Echo.ShouldNotContainKey(s_local.HubbleName);
        var known = before with { RestartedPods = [s_local.HubbleName] };
        known.Since(before).RestartedPods.ShouldBe([s_local.HubbleName]);
        known.Since(known).RestartedPods.ShouldBeEmpty();
        Build(before with { Echo = before.Echo.Remove(s_local.HubbleName) }).ShouldAllBe(l => l.Difference == 0);
    }

    [Fact]
    public void A_503_that_no_proxy_counted_is_shown() =>
        Build(Counters(proxy503: 0)).Single(l => l.What == "503s that a proxy made").Difference.ShouldBe(-1);

    [Fact]
    public void A_record_that_was_lost_is_shown() =>
        Build(Counters(), intended: 4).Where(l => l.Difference != 0).Select(l => l.Left).ShouldContain("client");

    [Fact]
    public void A_request_that_was_not_sent_is_not_lost()
    {
        var lines = Build(Counters(), intended: 4, notSent: 1, extra: Record(3, Outcome.NotSent, 0, null));
        lines.Single(l => l.What.StartsWith("requests intended =", StringComparison.Ordinal)).Difference.ShouldBe(0);
        lines.ShouldAllBe(l => l.Difference == 0);
    }

    [Fact]
    public void Second_passes_are_not_compared_where_not_every_request_passes_a_proxy() =>
        Build(Counters(), allL7: false).Length.ShouldBe(Build(Counters()).Length - 1);

    [Fact]
    public void A_pod_that_was_deleted_took_its_counter_with_it_and_leaves_no_difference()
    {
        var counted = Counters() with
        {
            Echo = ImmutableDictionary.CreateRange([
                KeyValuePair.Create("backend/remote", 0.0),
                KeyValuePair.Create("backend/replacement", 0.0),
            ]),
        };

        var line = Build(counted, current: [s_remote, new("replacement", "backend", "client-node")])
            .Single(l => l.What.StartsWith("Hubble successes", StringComparison.Ordinal));

        line.Difference.ShouldBe(0);
        line.Explanation.ShouldContain("Of pods that are gone, the client's 2 successes are counted");
    }

    [Fact]
    public void An_answer_that_was_cut_off_is_no_success_of_its_pod()
    {
        var ledger = new RunLedger(null);
        ledger.Add(Record(0, Outcome.Response, 200, "local"));
        ledger.Add(Record(1, Outcome.ClosedEarly, 200, "local"));

        ledger.OkByPod["local"].ShouldBe(1);
        ledger.Totals.Ok.ShouldBe(1);
    }

    [Fact]
    public void Pods_that_are_long_gone_are_counted_together()
    {
        var ledger = new RunLedger(null);
        for (var n = 0; n < 3 * RecentPods<object>.Kept; n++)
        {
            ledger.Add(Record(2 * n, Outcome.Response, 200, $"pod-{n}"));
            ledger.Add(Record((2 * n) + 1, Outcome.Response, 200, "stays"));
        }

        var ok = ledger.OkByPod;
        ok.Count.ShouldBeLessThanOrEqualTo(2 * RecentPods<object>.Kept);
        ok["stays"].ShouldBe(3 * RecentPods<object>.Kept);
        (ok.Values.Sum() + ledger.OkOfForgotten).ShouldBe(ledger.Totals.Ok);
    }

    [Fact]
    public void What_pods_answer_now_is_shown_however_many_were_before()
    {
        var ledger = new RunLedger(null);
        ledger.Begin(Phase("local", "remote"));
        for (var n = 0; n < 3 * RecentPods<object>.Kept; n++)
            ledger.Add(Record(n, Outcome.Response, 200, $"pod-{n}"));
        ledger.Begin(Phase("local", "new"));
        ledger.Add(Record(3 * RecentPods<object>.Kept, Outcome.Response, 200, "new"));

        var sample = ledger.Sample(1, "client-node");

        var pod = sample.Pods.Single(p => p.Pod?.Name == "new");
        (pod.OkPerSecond > 0, pod.LatencyMs is not null).ShouldBe((true, true));
        sample.Responses.Single(r => r.Pod == "new").Count.ShouldBe(1);
    }

    [Fact]
    public void A_pod_whose_counter_falls_is_named_until_it_is_long_gone()
    {
        var pods = new RestartedPods();
        pods.Add([new("a", 5), new("b", 5)]).ShouldBeEmpty();
        pods.Add([new("b", 6)]).ShouldBeEmpty();
        pods.Add([new("a", 4), new("b", 6)]).ShouldBe(["a"]);

        for (var n = 0; n < 3 * RecentPods<object>.Kept; n++)
            pods.Add([new($"pod-{n}", 1)]).Count.ShouldBeLessThanOrEqualTo(1);

        pods.Add([]).ShouldBeEmpty();
    }

    /// <summary>
    /// Three requests: two answered by the local Pod, and a 503 of the client's proxy attributed to the remote Pod.
    /// </summary>
    private static ImmutableArray<CiliumDebugging.Measurement.Runs.ReconciliationLine> Build(
        ClusterCounters counted,
        long intended = 3,
        long notSent = 0,
        bool allL7 = true,
        RecordLine? extra = null,
        params BackendPod[] current
    )
    {
        var ledger = new RunLedger(null);
        ledger.Begin(Phase("local", "remote"));
        ledger.Add(Record(0, Outcome.Response, 200, "local"));
        ledger.Add(Record(1, Outcome.Response, 503, null));
        ledger.Add(Record(2, Outcome.Response, 200, "local"));
        if (extra is not null)
            ledger.Add(extra);
        var attack = new AttackState
        {
            EpochUnixSeconds = 0,
            SourceAddress = null,
            Intended = intended,
            Sent = intended - notSent,
            NotSent = notSent,
            Ended = intended - notSent,
            Running = false,
            Discrepancies = [],
            Engine = "test",
        };
        return ReconciliationTable.Build(
            ledger,
            attack,
            counted,
            current.Length > 0 ? current : [s_local, s_remote],
            "client-node",
            allL7
        );
    }

    private static PhaseTally Phase(string local, string remote) =>
        new(
            "observe",
            0,
            new ExpectedBackends(
                [s_local with { Name = local }, s_remote with { Name = remote }],
                ExpectedShares.Equal(local, remote)
            ),
            ClusterCounters.Zero
        );

    private static ClusterCounters Counters(double echoLocal = 2, double proxy503 = 1) =>
        ClusterCounters.Zero with
        {
            Requests = Counts(("client-node", "backend/local", 0, 4), ("client-node", "backend/remote", 0, 1)),
            Responses = Counts(
                ("client-node", "backend/local", 200, 4),
                ("client-node", "backend/remote", 503, proxy503)
            ),
            EgressFlows = ImmutableDictionary.CreateRange([KeyValuePair.Create("client-node", 6.0)]),
            Echo = ImmutableDictionary.CreateRange([
                KeyValuePair.Create("backend/local", echoLocal),
                KeyValuePair.Create("backend/remote", 0.0),
            ]),
        };

    private static ImmutableDictionary<HubbleKey, double> Counts(
        params (string Node, string Pod, int Status, double Count)[] counts
    ) => counts.ToImmutableDictionary(c => new HubbleKey(c.Node, c.Pod, c.Status), c => c.Count);

    private static RecordLine Record(long seq, Outcome outcome, int status, string? pod) =>
        new()
        {
            Seq = seq,
            Due = seq,
            Start = seq,
            End = seq + 0.5,
            Port = 40_000 + (int)seq,
            Conn = seq,
            Outcome = outcome,
            Status = status,
            Pod = pod,
        };
}
