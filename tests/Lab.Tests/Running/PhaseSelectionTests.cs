using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>What a phase says about which Pod was chosen, where not every answer names one.</summary>
public class PhaseSelectionTests
{
    private static readonly BackendPod[] s_pods = [new("a", "backend", "n1"), new("b", "backend", "n2")];

    [Fact]
    public void Without_an_answer_nothing_is_blamed_on_Hubble()
    {
        var phase = Phase([0, 0]);
        for (var i = 0; i < 402; i++)
            Add(phase, i, status: 0);
        var report = phase.Report("n3");
        report.SelectionSource.ShouldBe("client");
        (report.Selection.Connections, report.Selection.Unattributed).ShouldBe((402, 402));
        VerdictText
            .Describe(report.Selection)
            .ShouldBe("undecided (no error bound: the Service has no backend for this client); 402 of unknown backend");
    }

    [Fact]
    public void What_Hubble_attributes_to_pods_are_requests_and_not_connections()
    {
        var phase = Phase([1, 1]);
        // 10 connections, 500 requests: 400 are answered by a, 100 get a proxy's 503.
        for (var i = 0; i < 500; i++)
            Add(phase, i, status: i % 5 == 0 ? 503 : 200, connection: i % 10, nth: i / 10);
        phase.After = ClusterCounters.Zero.WithHubble(
            "n1",
            PrometheusSamples.Parse(
                """hubble_http_responses_total{destination="load-test/l",source="backend/b",status="503"} 100"""
            )
        );
        var report = phase.Report("n1");
        report.SelectionSource.ShouldBe("client and Hubble");
        report.Selection.Connections.ShouldBe(500);
        VerdictText
            .Describe(report.Selection)
            .ShouldContain("(no error bound: Hubble does not report client ports); 500 requests");
    }

    [Fact]
    public void A_pod_that_did_not_answer_once_is_silent_in_the_whole_phase()
    {
        var phase = Phase([1, 1]);
        phase.After = ClusterCounters.Zero.WithoutBackend(s_pods[1]);
        phase.After = ClusterCounters.Zero.WithBackend(s_pods[1], PrometheusSamples.Parse("echo_requests 7"));
        phase.SilentPods.ShouldBe(["backend/b"]);
    }

    private static PhaseTally Phase(double[] weights) =>
        new(
            "observe",
            0,
            new ExpectedBackends([.. s_pods], ExpectedShares.Weighted([.. s_pods.Select(p => p.Name)], weights)),
            ClusterCounters.Zero
        );

    private static void Add(PhaseTally phase, int i, int status, int? connection = null, int nth = 0) =>
        phase.Add(
            new RecordLine
            {
                Seq = i,
                Due = i / 50.0,
                Start = i / 50.0,
                End = i / 50.0 + 0.01,
                Port = 40_000 + (connection ?? i),
                Conn = connection ?? i,
                Nth = nth,
                Status = status,
                Outcome = status == 0 ? Outcome.NoAnswer : Outcome.Response,
                Pod = status == 200 ? "a" : null,
            },
            nth == 0 ? SelectionOrigin.Fresh : SelectionOrigin.KeepAlive,
            usedBefore: false
        );
}
