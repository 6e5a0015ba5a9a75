using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Runs;
using CsCheck;
using static CiliumDebugging.Lab.Tests.Observing.SeriesInTheWild;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>Series of Prometheus servers as they are in the wild: every request still counts once.</summary>
public sealed class PrometheusInTheWildTests
{
    [Fact]
    public void The_counts_of_one_plain_Prometheus_are_the_measure() =>
        Requests(Cluster()).ShouldBe(TotalRequests, 700);

    [Fact]
    public void However_many_feeds_a_process_has_its_requests_count_once() =>
        Gen.Select(Gen.Double[0, 0.999 * Interval], Gen.Int[0, Scrapes - 30], Gen.Int[20, Scrapes], Gen.Bool)
            .Array[0, 4]
            .Sample(
                feeds =>
                {
                    var series = Cluster(("replica", "main")).ToList();
                    for (var i = 0; i < feeds.Length; i++)
                    {
                        var (shift, from, length, hasUp) = feeds[i];
                        series.AddRange(
                            Cluster(("replica", $"r{i}"))
                                .Where(s => hasUp || s.Metric != "up")
                                .Select(s => Later(s, shift))
                                .Select(s => s with { Samples = [.. s.Samples.Skip(from).Take(length)] })
                        );
                    }
                    // The order of an answer means nothing.
                    new Random(feeds.Length).Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(series));
                    return Math.Abs(Requests(series) - TotalRequests) < 700;
                },
                iter: 200
            );

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4.9)]
    public void Replicas_of_a_Prometheus_count_once(double shift)
    {
        var a = Cluster(("prometheus_replica", "a"));
        var b = Cluster(("prometheus_replica", "b")).Select(s => Later(s, shift));
        Requests([.. a, .. b]).ShouldBe(TotalRequests, 700);
    }

    [Fact]
    public void Two_jobs_that_scrape_the_same_agents_count_once() =>
        Requests([
                .. Cluster(),
                .. Cluster().Select(s => Later(s with { Labels = s.Labels.SetItem("job", "other") }, 2.3)),
            ])
            .ShouldBe(TotalRequests, 700);

    [Fact]
    public void A_replica_takes_over_where_the_other_one_failed()
    {
        var a = Cluster(("replica", "a"))
            .Select(s => s with { Samples = [.. s.Samples.Where((_, i) => i is < 20 or >= 40)] });
        var rounds = Rounds([.. a, .. Cluster(("replica", "b")).Select(s => Later(s, 2))]);
        var observer = Observe(rounds);
        observer.Hubble.Differences.IntervalsLost.ShouldBe(0);
        observer.Hubble.Differences.Targets.ShouldAllBe(t => t.Value.Reads >= 0.9 * t.Value.Attempts);
    }

    [Fact]
    public void Agents_of_another_cluster_are_not_targets()
    {
        var other = Enumerable
            .Range(0, 3)
            .SelectMany(i =>
                (RawSeries[])
                    [
                        Series("up", i, 7, n => n % 2, Other(i)),
                        Series("hubble_lost_events_total", i, 7, n => 7 * n, Other(i)),
                    ]
            );
        var observer = Observe(Rounds([.. Cluster(), .. other]));
        observer.Hubble.Differences.Targets.Keys.Select(t => t.Name).Order().ShouldBe(["n0", "n1", "n2"]);
        Gate(observer).ShouldBeEmpty();

        static (string, string)[] Other(int i) =>
            [("node", $"other-{i}"), ("pod", $"cilium-zz{i}"), ("instance", $"10.9.{i}.7:9965"), ("cluster", "two")];
    }

    [Fact]
    public void Nodes_of_the_same_name_in_another_cluster_are_not_targets_where_the_Pods_differ()
    {
        var other = Enumerable
            .Range(0, 3)
            .SelectMany(i =>
                (RawSeries[])
                    [
                        Series("up", i, 1, n => n % 2, ("pod", $"cilium-zz{i}"), ("instance", $"10.9.{i}.7:9965")),
                        Series(
                            "hubble_lost_events_total",
                            i,
                            1,
                            n => 9 * n,
                            ("pod", $"cilium-zz{i}"),
                            ("instance", $"10.9.{i}.7:9965")
                        ),
                    ]
            );
        Gate(Observe(Rounds([.. Cluster(), .. other]))).ShouldBeEmpty();
    }

    [Fact]
    public void Two_processes_that_cannot_be_told_apart_are_refused_with_the_label_that_differs()
    {
        var one = Cluster(("cluster", "one"));
        var two = Cluster(("cluster", "two"))
            .Select(s =>
                s with
                {
                    Samples = [.. s.Samples.Select((x, i) => (x.At, s.Metric == "up" ? x.Value : 9000 + 3 * x.Value))],
                }
            );
        var errors = Rounds([.. one, .. two]).SelectMany(r => r.Scrapes).Select(s => s.Error).Distinct().ToList();
        errors
            .ShouldHaveSingleItem()
            .ShouldMatch(
                "two processes .* cluster is '(one|two)' or '(one|two)'; choose one, as --prometheus-label cluster="
            );
    }

    [Fact]
    public void An_agent_that_was_replaced_continues_with_its_new_Pod()
    {
        RawSeries[] series =
        [
            .. Cluster()
                .SelectMany(s =>
                    s["node"] != "n1"
                        ? [s]
                        : (RawSeries[])
                            [
                                s with
                                {
                                    Labels = s.Labels.SetItem("pod", "cilium-old").SetItem("instance", "10.1.9.9:9965"),
                                    Samples = s.Samples[..25],
                                },
                                s with
                                {
                                    Samples =
                                    [
                                        .. s.Samples[25..]
                                            .Select(x => (x.At, s.Metric == "up" ? 1 : x.Value - s.Samples[25].Value)),
                                    ],
                                },
                            ]
                ),
        ];
        var observer = Observe(Rounds(series));
        observer.Hubble.Differences.IntervalsLost.ShouldBe(1);
        Gate(observer).Where(f => f.Fails).ShouldBeEmpty();
    }

    [Fact]
    public void Instances_that_are_names_of_nodes_are_agents() =>
        Requests([
                .. Cluster()
                    .Select(s =>
                        s with
                        {
                            Labels = s.Labels.SetItem("instance", s["node"]).RemoveRange(["node", "pod", "namespace"]),
                        }
                    ),
            ])
            .ShouldBe(TotalRequests, 700);

    [Fact]
    public void Without_up_the_times_are_those_of_the_counters() =>
        Requests([.. Cluster().Where(s => s.Metric != "up")]).ShouldBe(TotalRequests, 700);

    [Fact]
    public void Labels_of_a_metric_relabelling_are_not_target_labels() =>
        Requests([
                .. Cluster()
                    .Select(s =>
                        s.Metric == "up"
                            ? s
                            : s with
                            {
                                Labels = s.Labels.SetItem("hubble_destination_pod", s["destination"]),
                            }
                    ),
            ])
            .ShouldBe(TotalRequests, 700);

    [Theory]
    [InlineData("pod and namespace")]
    [InlineData("address")]
    [InlineData("workload beside the address")]
    [InlineData("address as destination")]
    public void Pods_are_found_by_every_context_that_names_them(string context) =>
        Requests([.. Cluster().Select(s => Named(s, context))]).ShouldBe(TotalRequests, 700);

    [Theory]
    [InlineData("workload", "it has destination=\"backend/backend-1\"")]
    [InlineData("workload label", "it has destination=\"backend-1\"")]
    [InlineData("pod without namespace", "it has destination=\"backend-1-0\"")]
    [InlineData("namespace", "it has destination=\"backend\"")]
    [InlineData("nothing", "it has no label destination")]
    public void Series_that_do_not_name_Pods_are_the_reason_why_nothing_is_counted(string context, string expected)
    {
        var notes = new HubbleNotes();
        Rounds([.. Cluster().Select(s => Named(s, context))], notes)
            .SelectMany(r => r.Scrapes)
            .SelectMany(s => s.Counters?.Keys ?? [])
            .ShouldAllBe(k => k.Kind == CounterKind.Lost);
        var note = notes.All.ShouldHaveSingleItem();
        note.ShouldStartWith("hubble_http_requests_total is there, but without destination=namespace/pod");
        note.ShouldContain(expected);
    }

    [Fact]
    public void What_a_label_says_is_quoted_in_one_short_line()
    {
        var notes = new HubbleNotes();
        var evil = $"backend\u001b[2J\n{new string('x', 5000)}";
        RawSeries[] series =
        [
            .. Cluster()
                .Select(s =>
                    s.Metric == "hubble_http_requests_total" ? With(s, ("status", evil), ("destination", "backend/b"))
                    : s.Metric == "hubble_http_responses_total" ? With(s, ("status", evil))
                    : s
                ),
        ];
        foreach (var error in Rounds(series, notes).SelectMany(r => r.Scrapes).Select(s => s.Error).Concat(notes.All))
        {
            error.Length.ShouldBeLessThan(400);
            error.ShouldNotContain(c => char.IsControl(c));
        }
    }

    [Fact]
    public void Series_about_other_Pods_or_the_world_are_no_reason()
    {
        var notes = new HubbleNotes();
        Rounds(
            [
                .. Cluster()
                    .Select(s =>
                        s["destination"] == "backend/backend-1-0" ? With(s, ("destination", "other/pod"))
                        : s.Metric.StartsWith("hubble_http", StringComparison.Ordinal) ? With(s, ("destination", ""))
                        : s
                    ),
            ],
            notes
        );
        notes.All.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("hubble_ring_buffer", true)]
    [InlineData("perf_event_ring_buffer", false)]
    [InlineData("observer_events_queue", false)]
    [InlineData("a_later_one", false)]
    [InlineData("", false)]
    public void Only_losses_before_the_metrics_are_counted_fail_the_gate(string source, bool passes)
    {
        var lost = Enumerable
            .Range(0, 3)
            .Select(i => Series("hubble_lost_events_total", i, i * 0.1, n => 3 * n, ("source", source)));
        var observer = Observe(Rounds([.. Cluster().Where(s => s.Metric != "hubble_lost_events_total"), .. lost]));
        if (passes)
            Gate(observer).ShouldBeEmpty();
        else
            Gate(observer).ShouldContain(f => f.Fails && f.Text.StartsWith("Hubble lost", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("2xx", 1)]
    [InlineData("204", 1)]
    [InlineData("302", 1)]
    [InlineData("3xx", 1)]
    [InlineData("404", 0)]
    public void Answers_of_any_status_are_one_request_each(string status, double successRate)
    {
        RawSeries[] series =
        [
            .. Cluster()
                .Where(s => s.Metric != "hubble_http_responses_total")
                .Select(s =>
                    s.Metric == "hubble_http_requests_total" ? With(s, ("status", status), ("reporter", "server")) : s
                ),
        ];
        var observer = Observe(Rounds(series));
        var phase = ObservedReport.Of(observer, "", DateTimeOffset.UnixEpoch).Report.Latest;
        ((double)phase.Requests).ShouldBe(TotalRequests, 700);
        ((double)phase.Ok / phase.Requests).ShouldBe(successRate, 1e-9);
        phase.Unanswered.Keys.ShouldBe(status == "0" ? ["answer without an HTTP status"] : []);
    }

    [Fact]
    public void Requests_without_any_response_are_not_called_failed()
    {
        var observer = Observe(Rounds([.. Cluster().Where(s => s.Metric != "hubble_http_responses_total")]));
        var report = ObservedReport.Of(observer, "", DateTimeOffset.UnixEpoch).Report;
        var phase = report.Latest;
        ((double)phase.Requests).ShouldBe(TotalRequests, 700);
        (phase.StatusUnknown, phase.Failures).ShouldBe((true, 0));
        phase.Selection.Kind.ShouldBe(Statistics.VerdictKind.Even);
        phase.Delivery.Successes.Kind.ShouldBe(Statistics.VerdictKind.Undecided);
        phase.Delivery.Backends.ShouldAllBe(b => double.IsNaN(b.Rate.Estimate));
        report.Diagnosis.Sentence.ShouldContain("how the requests ended is unknown");
        report
            .Quality.ShouldHaveSingleItem()
            .Text.ShouldStartWith("how requests ended is unknown: Hubble counted requests and not one response");
    }

    [Fact]
    public void A_status_that_is_not_one_of_HTTP_is_the_error_of_its_target()
    {
        RawSeries[] series =
        [
            .. Cluster().Select(s => s["status"].Length > 0 && s["node"] == "n0" ? With(s, ("status", "fine")) : s),
        ];
        var scrapes = Rounds(series)[5].Scrapes;
        scrapes
            .Select(s => s.Error)
            .ShouldBe(["hubble_http_responses_total has status 'fine', which is not an HTTP status", "", ""]);
    }

    [Fact]
    public void Times_far_in_the_future_and_tiny_intervals_cost_a_bounded_time()
    {
        RawSeries[] series =
        [
            .. Cluster(),
            Series("up", 0, 0, _ => 1) with
            {
                Samples = [.. Enumerable.Range(0, 100_000).Select(i => (Start + 0.2 * i, 1.0)), (1e300, 1)],
            },
        ];
        Rounds(series).Count.ShouldBeLessThanOrEqualTo(20_001);
    }
}
