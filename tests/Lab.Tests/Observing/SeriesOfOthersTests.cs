using System.Text.RegularExpressions;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Statistics;
using static CiliumDebugging.Lab.Tests.Observing.SeriesInTheWild;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>Series that do not say how requests ended, name no Pod, or are another cluster's.</summary>
public sealed partial class SeriesOfOthersTests
{
    [Theory]
    [InlineData(1, "on n0: do not drop it")]
    [InlineData(3, "on n0, n1, n2: do not drop it")]
    public void Responses_without_a_status_are_no_failures_and_no_skew(int nodes, string expected)
    {
        RawSeries[] series =
        [
            .. Cluster()
                .Select(s => s["status"].Length > 0 && s["node"][1] - '0' < nodes ? With(s, ("status", "")) : s),
        ];
        var result = ObservedReport.Of(Observe(Rounds(series)), "", DateTimeOffset.UnixEpoch);
        var phase = result.Report.Latest;
        (result.Skewed, phase.StatusUnknown, phase.Failures).ShouldBe((false, true, 0));
        ((double)phase.Requests).ShouldBe(TotalRequests, 700);
        phase.Selection.Kind.ShouldBe(VerdictKind.Even);
        phase.Delivery.Successes.Kind.ShouldBe(VerdictKind.Undecided);
        var finding = result.Report.Quality.ShouldHaveSingleItem();
        finding.Text.ShouldStartWith("how requests ended is unknown: hubble_http_responses_total has no label status");
        finding.Text.ShouldContain(expected);
    }

    [Fact]
    public void Responses_without_any_request_leave_open_which_pods_were_chosen()
    {
        var observer = Observe(Rounds([.. Cluster().Where(s => s.Metric != "hubble_http_requests_total")]));
        var report = ObservedReport.Of(observer, "", DateTimeOffset.UnixEpoch).Report;
        report.Latest.Selection.Kind.ShouldBe(VerdictKind.Undecided);
        report
            .Quality.ShouldHaveSingleItem()
            .Text.ShouldBe(
                "which pods were chosen is unknown: Hubble counted responses and not one request. "
                    + "hubble_http_requests_total is missing or does not name the pods"
            );
    }

    [Theory]
    [InlineData("backend-1.backend.svc.cluster.local", true)]
    [InlineData("k8s:app=backend,k8s:io.kubernetes.pod.namespace=backend", true)]
    [InlineData("frontend", true)]
    [InlineData("other/pod", false)]
    [InlineData("10.7.7.7", false)]
    [InlineData("fd00::7", false)]
    [InlineData("reserved:world", false)]
    public void A_context_that_names_no_pod_of_any_Service_is_the_reason_why_nothing_is_counted(
        string destination,
        bool isReason
    )
    {
        var notes = new HubbleNotes();
        Rounds(
            [
                .. Cluster()
                    .Where(s => s.Metric != HubbleHttpSample.Responses)
                    .Select(s => s.Metric == HubbleHttpSample.Requests ? With(s, ("destination", destination)) : s),
            ],
            notes
        );
        if (!isReason)
            notes.All.ShouldBeEmpty();
        else
            notes
                .All.ShouldHaveSingleItem()
                .ShouldBe(
                    $"hubble_http_requests_total is there, but without destination=namespace/pod (it has destination="
                        + $"\"{destination}\"): set httpV2:sourceContext=pod;destinationContext=pod in "
                        + "hubble.metrics.enabled"
                );
    }

    [Theory]
    [InlineData("\"destination\":\"backend-1.backend.svc\"", "it has destination=\"backend-1.backend.svc\"")]
    [InlineData("\"protocol\":\"HTTP/1.1\"", "it has no label destination")]
    public async Task Series_that_no_selector_of_pods_finds_are_asked_for(string label, string expected)
    {
        await using var prometheus = new FakePrometheus();
        var scraped = FakePrometheus.Scraped(
            new Traffic(11, 1, 1, 1),
            60,
            (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds - 2
        );
        prometheus.Answer = query =>
            query.Contains('~', StringComparison.Ordinal)
                ? FakePrometheus.Json("""{"status":"success","data":{"resultType":"matrix","result":[]}}""")
                : FakePrometheus.Json(Destination().Replace(scraped(query)!.Split("\r\n\r\n", 2)[1], label));
        var options = new ObserveOptions("backend", "backend-1")
        {
            Prometheus = new PrometheusServer(prometheus.Address),
        };
        using var source = new PrometheusScrapes(
            options.Prometheus,
            options,
            new RequestBudget(10_000_000, TimeProvider.System),
            TimeProvider.System
        );
        // The agents of the test's series have other names: without agents every series is of this cluster.
        var objects = Objects with { Agents = [] };
        var rounds = await source.ReadAsync(
            objects,
            DateTimeOffset.UtcNow.AddMinutes(-10),
            TestContext.Current.CancellationToken
        );
        rounds[^1].Round.Notes.ShouldHaveSingleItem().ShouldContain(expected);
    }

    [GeneratedRegex("\"destination\":\"[^\"]*\"")]
    private static partial Regex Destination();

    [Fact]
    public void Of_two_clusters_with_the_same_names_the_one_with_the_agents_addresses_counts() =>
        Requests([.. Cluster(("cluster", "one")), .. Other()]).ShouldBe(TotalRequests, 700);

    [Fact]
    public void Before_the_agents_own_series_begin_those_of_the_other_cluster_do_not_count()
    {
        var late = Cluster(("cluster", "one")).Select(s => s with { Samples = s.Samples[20..] });
        Requests([.. late, .. Other()]).ShouldBe(TotalRequests * 39 / 59, 700);
    }

    [Theory]
    [InlineData("one", false)]
    [InlineData("two", true)]
    public void A_choice_of_another_clusters_series_is_said(string cluster, bool isSaid)
    {
        var options = new ObserveOptions("backend", "backend-1")
        {
            Prometheus = new PrometheusServer(new Uri("http://prometheus.test"))
            {
                Labels = [KeyValuePair.Create("cluster", cluster)],
            },
        };
        var notes = new HubbleNotes();
        RawSeries[] series = cluster == "one" ? [.. Cluster(("cluster", "one"))] : [.. Other()];
        _ = new ScrapedTargets(Objects, options, series, notes);
        notes.All.ShouldBe(
            isSaid
                ?
                [
                    "the series with cluster=\"two\" were scraped from 10.9.0.0:9965, which is an address of none of this "
                        + "cluster's agents (as 10.0.0.0): they are probably another cluster's; check --prometheus-label",
                ]
                : []
        );
    }

    /// <summary>Another cluster whose nodes, agents and Pods have the same names, and that has more traffic.</summary>
    private static IEnumerable<RawSeries> Other() =>
        Cluster(("cluster", "two"))
            .Select(s =>
                With(s, ("instance", s["instance"].Replace("10.0.", "10.9.", StringComparison.Ordinal))) with
                {
                    Samples = [.. s.Samples.Select(x => (x.At, s.Metric == "up" ? x.Value : 9000 + 3 * x.Value))],
                }
            );
}
