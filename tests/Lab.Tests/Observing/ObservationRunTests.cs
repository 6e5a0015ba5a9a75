using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Reports.Document;
using k8s;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// <c>observe</c> by scraping, with a real API server and Pods whose answers are as in a real cluster, or wrong.
/// </summary>
public sealed class ObservationRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("observe-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Even_load_is_called_even_and_ends_with_0()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(1, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));

        var (code, text, report) = await ObserveAsync(cluster);

        code.ShouldBe(0, text);
        report!.Phases[0].Delivery.Kind.ShouldBe("even", text);
        report.Phases[0].Delivery.Text.ShouldContain("asymptotic error probability 1E-4");
        report.Phases[0].SelectionSource.ShouldBe("Hubble");
        report.Diagnosis.Name.ShouldBe("even");
        report.Cluster.CiliumVersion.ShouldBe("1.9.0");
        report.Quality.ShouldHaveSingleItem().Text.ShouldContain("no hubble_lost_events_total");
        report.Phases[0].ClientNodes.ShouldHaveSingleItem().Node.ShouldBe("worker3");
        report.Phases[0].Locality!.Expected.ShouldBe(1 / 3.0, 1e-9);
        report.Reconciles.ShouldBeTrue();
        cluster.Methods.ShouldAllBe(m => m == "GET");
    }

    [Fact]
    public async Task The_skew_of_the_original_report_is_found_named_and_ends_with_3()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        Apply(cluster, "load-test-policy.yaml");
        var traffic = new Traffic(2, 1, 1, 1) { TwoSided = true };
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));

        var (code, text, report) = await ObserveAsync(cluster, o => o with { Watch = true });

        code.ShouldBe(3, text);
        report!.Diagnosis.Name.ShouldBe("two-sided-l7");
        report.Phases[0].Selection.Kind.ShouldNotBe("skewed");
        report.Phases[0].Pods.Select(p => Math.Round(p.SuccessRate.Estimate!.Value, 6)).ShouldBe([0, 0, 1]);
        report.Onsets.ShouldHaveSingleItem();
        text.ShouldContain("remedy");
    }

    [Fact]
    public async Task Watching_continues_until_load_is_skewed_and_names_the_change()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var (even, rounds) = (new Traffic(3, 1, 1, 1), 0);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(n < 30 ? even.Of(pod, n) : Shifted(even, pod, n));
        // From the 30th scrape on, the first backend gets all requests.
        string Shifted(Traffic traffic, string pod, int n)
        {
            rounds = Math.Max(rounds, n);
            var (before, now) = (traffic.Of(pod, 29), 300 * (n - 29));
            return pod is "b1" or "agent1"
                ? System.Text.RegularExpressions.Regex.Replace(before, @" (\d+)\n", m =>
                    $" {long.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) + now}\n"
                )
                : before;
        }

        var (code, text, report) = await ObserveAsync(cluster, o => o with { Watch = true });

        code.ShouldBe(3, text);
        rounds.ShouldBeGreaterThanOrEqualTo(30);
        report!.Onsets.ShouldHaveSingleItem().Events.ShouldBeEmpty();
        report.Onsets[0].Support.ShouldNotBeNull();
        report.Diagnosis.Name.ShouldBe("unknown");
    }

    [Fact]
    public async Task A_pod_that_becomes_unready_has_no_fair_share_and_begins_a_new_phase()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var (three, two) = (new Traffic(4, 1, 1, 1), new Traffic(5, 1, 1, 0));
        cluster.Answer = (pod, n) =>
        {
            // Once, and only after at least one scrape of everything.
            if (n == 8 && pod == "agent1")
                cluster.Slice(3, "b3");
            return ObservedCluster.Metrics(n < 8 ? three.Of(pod, n) : Sums.Of(three.Of(pod, 8), two.Of(pod, n - 8)));
        };

        var (code, text, report) = await ObserveAsync(cluster);

        code.ShouldBe(0, text);
        report!.Events.ShouldHaveSingleItem().Name.ShouldBe("no longer ready: b3");
        report.Phases[0].Pods.Select(p => p.Expected).ShouldBe([0.5, 0.5, 0]);
        report.Phases[0].Delivery.Kind.ShouldBe("even", text);
        report.Diagnosis.Name.ShouldBe("unready-pod");
    }

    [Fact]
    public async Task Requests_that_count_twice_under_a_new_policy_are_not_skew()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(10, 1, 1, 1) { EgressFrom = 8 };
        cluster.Answer = (pod, n) =>
        {
            if (n == 8 && pod == "agent1")
                Apply(cluster, "load-test-policy.yaml");
            return ObservedCluster.Metrics(traffic.Of(pod, n));
        };

        var (code, text, report) = await ObserveAsync(cluster);

        code.ShouldBe(0, text);
        report!.Events.ShouldHaveSingleItem().Name.ShouldBe("other HTTP rules for load-test/client");
        report.Phases[0].Selection.Kind.ShouldBe("even", text);
        report.Diagnosis.Name.ShouldBe("even");
    }

    [Theory]
    [InlineData(
        "a page of HTML",
        "HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n<html><body>oops</body></html>",
        "not a Prometheus sample"
    )]
    [InlineData(
        "not a number",
        "hubble_http_requests_total{source=\"load-test/client\",destination=\"backend/b1\"} NaN",
        "which is not a count"
    )]
    [InlineData(
        "less than nothing",
        "hubble_http_requests_total{source=\"load-test/client\",destination=\"backend/b1\"} -5",
        "which is not a count"
    )]
    [InlineData("an error", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops", "500 oops")]
    [InlineData(
        "a redirect",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "302"
    )]
    [InlineData("half an answer", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhubble", "Hubble of node worker1")]
    [InlineData("no answer", null, "Hubble of node worker1")]
    [InlineData("garbage", "\0\u0001\u0002 {{{{ \"", "not a Prometheus sample")]
    public async Task A_target_that_answers_nonsense_fails_the_gate_with_its_reason(
        string what,
        string? answer,
        string reason
    )
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        Apply(cluster, "load-test-policy.yaml");
        var traffic = new Traffic(6, 1, 1, 1) { TwoSided = true };
        cluster.Answer = (pod, n) =>
            pod == "agent1"
                ? answer is null || answer.StartsWith("HTTP", StringComparison.Ordinal)
                    ? answer
                    : ObservedCluster.Metrics(answer)
                : ObservedCluster.Metrics(traffic.Of(pod, n));

        var (code, text, report) = await ObserveAsync(cluster, o =>
            o with
            {
                BackendMetric = "",
                For = TimeSpan.FromSeconds(0.5),
            }
        );

        code.ShouldBe(0, what);
        report!.Phases[0].Delivery.Kind.ShouldBe("undecided", what);
        report.Phases[0].Delivery.ErrorProbability.ShouldBeNull();
        report.Quality.Where(q => q.Fails).ShouldContain(q => q.Text.Contains(reason, StringComparison.Ordinal), text);
        text.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("a flood", "the answer is longer than 32768 KiB")]
    [InlineData("a drip", "no complete answer within 0.3 s")]
    [InlineData("silence", "no complete answer within 0.3 s")]
    public async Task A_target_whose_answer_never_ends_does_not_block_others_and_is_named(string what, string reason)
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(10, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));
        cluster.Endless["agent2"] = EndlessAnswer.Named(what);

        // A long answer takes time to exceed the limit.
        var (code, text, report) = await ObserveAsync(cluster, o =>
            o with
            {
                BackendMetric = "",
                For = TimeSpan.FromSeconds(0.7),
                TargetTimeout = what == "a flood" ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(0.3),
            }
        );

        code.ShouldBe(0, text);
        report!.Phases[0].Delivery.Kind.ShouldBe("undecided", text);
        var named = report
            .Quality.Where(q => q.Fails && q.Text.StartsWith("Hubble of node worker2: 0 of", StringComparison.Ordinal))
            .ShouldHaveSingleItem(text);
        named.Text.ShouldContain(reason);
    }

    [Theory]
    [InlineData("OpenMetrics")]
    [InlineData("quoted names")]
    [InlineData("labelsContext")]
    [InlineData("one series twice")]
    public async Task Metrics_of_any_notation_are_read(string notation)
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(12, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(Written(traffic.Of(pod, n), notation));

        var (code, text, report) = await ObserveAsync(cluster, o => o with { BackendMetric = "" });

        code.ShouldBe(0, text);
        report!.Phases[0].Delivery.Kind.ShouldBe("even", text);
        report.Phases[0].SelectionSource.ShouldBe("Hubble");
        report.Phases[0].SuccessRate.Estimate.ShouldBe(1);
        report.Phases[0].ClientNodes.ShouldHaveSingleItem().Node.ShouldBe("worker3");
    }

    [Fact]
    public async Task A_series_that_has_two_values_is_refused()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(12, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n) + traffic.Of(pod, n + 1));

        var (_, text, report) = await ObserveAsync(cluster, o =>
            o with
            {
                BackendMetric = "",
                For = TimeSpan.FromSeconds(0.5),
            }
        );

        report!.Quality.ShouldContain(
            q => q.Fails && q.Text.Contains("has one series twice, with different values", StringComparison.Ordinal),
            text
        );
    }

    [Fact]
    public async Task Workload_contexts_are_the_reason_why_no_request_is_counted()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(12, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(Written(traffic.Of(pod, n), "namespace"));

        var (code, text, report) = await ObserveAsync(cluster, o =>
            o with
            {
                BackendMetric = "",
                For = TimeSpan.FromSeconds(0.5),
            }
        );

        code.ShouldBe(0, text);
        report!.Quality.ShouldContain(
            q =>
                q.Fails
                && q.Text.Contains("is there, but without destination=namespace/pod", StringComparison.Ordinal)
                && q.Text.Contains("httpV2:sourceContext=pod;destinationContext=pod", StringComparison.Ordinal),
            text
        );
        text.ShouldNotContain("got no request");
    }

    [Fact]
    public async Task Without_traffic_the_report_says_for_how_long_and_what_to_do()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(12, 1, 1, 1);
        cluster.Answer = (pod, _) => ObservedCluster.Metrics(traffic.Of(pod, 5));

        var (code, text, report) = await ObserveAsync(cluster, o => o with { For = TimeSpan.FromSeconds(1.2) });

        code.ShouldBe(0, text);
        report!
            .Quality.First(q => q.Fails)
            .Text.ShouldMatch(@"^backend/backend-1 got no request in \d s\. Send traffic, or make it count: ");
        text.Split('\n').Count(l => l.StartsWith("› undecided", StringComparison.Ordinal)).ShouldBe(1, text);
    }

    [Fact]
    public async Task Progress_is_a_line_that_is_replaced_with_the_time_and_the_scrapes()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(1, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));
        List<(string Text, bool Passing)> lines = [];

        await new ObservationRun(
            cluster.Api.Client,
            Options() with
            {
                For = TimeSpan.FromSeconds(20),
            },
            TimeProvider.System
        ).RunAsync((text, passing) => lines.Add((text, passing)), TestContext.Current.CancellationToken);

        var passing = lines.Where(l => l.Passing).Select(l => l.Text).ToList();
        passing[0].ShouldMatch(@"^\d+/20 s, 0/20 scrape intervals with requests$");
        passing.ShouldContain(l => l.EndsWith("s, 7/20 scrape intervals with requests", StringComparison.Ordinal));
        var remaining = lines.Where(l => !l.Passing).Select(l => l.Text).ToList();
        remaining.Distinct().Count().ShouldBe(remaining.Count);
    }

    [Theory]
    [InlineData("silence", true)]
    [InlineData("failures", false)]
    [InlineData("unreadable", false)]
    public async Task After_15_s_only_silence_is_called_that(string what, bool expected)
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(1, 1, 1, 1);
        cluster.Answer = (pod, n) =>
            ObservedCluster.Metrics(
                what switch
                {
                    "silence" => traffic.Of(pod, 5),
                    "failures" => traffic
                        .Of(pod, n)
                        .Replace("status=\"200\"", "status=\"403\"", StringComparison.Ordinal),
                    _ => "<html>",
                }
            );
        List<string> lines = [];
        await new ObservationRun(
            cluster.Api.Client,
            Options() with
            {
                BackendMetric = "",
                For = TimeSpan.FromSeconds(40),
            },
            new FastClock()
        ).RunAsync(
            (text, passing) =>
            {
                if (!passing)
                    lines.Add(text);
            },
            TestContext.Current.CancellationToken
        );
        var silent = lines.Where(l => l.StartsWith("backend/backend-1 got no request in", StringComparison.Ordinal));
        silent.Count().ShouldBe(expected ? 1 : 0, string.Join('\n', lines));
    }

    [Fact]
    public async Task Samples_from_before_a_change_do_not_count_under_the_rules_after_it()
    {
        const int Change = 30;
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var (clock, traffic) = (new FastClock(), new Traffic(17, 1, 1, 1) { EgressFrom = Change });
        var start = clock.GetUtcNow();
        var applied = false;
        await using var prometheus = new FakePrometheus
        {
            // A scrape every second of the clock; several of them between two readings.
            Answer = query =>
            {
                var scrapes = (int)(clock.GetUtcNow() - start).TotalSeconds;
                if (scrapes >= Change && !applied)
                {
                    applied = true;
                    Apply(cluster, "load-test-policy.yaml");
                }
                var last = (start - DateTimeOffset.UnixEpoch).TotalSeconds + scrapes;
                return FakePrometheus.Scraped(traffic, scrapes + 1, last)(query);
            },
        };

        var result = await new ObservationRun(
            cluster.Api.Client,
            Options() with
            {
                Prometheus = new PrometheusServer(prometheus.Address),
                Watch = true,
                For = TimeSpan.FromSeconds(Change + 60),
            },
            clock
        ).RunAsync((_, _) => { }, TestContext.Current.CancellationToken);

        result.Report.Details.Events.ShouldHaveSingleItem().Name.ShouldStartWith("other HTTP rules for");
        result.View.ShouldBe(Measurement.Observation.TargetKind.Hubble);
        result.Report.Latest.HttpRules.ShouldBe((true, true));
        foreach (var line in result.Report.Reconciliation)
            line.LeftCount.ShouldBe(line.RightCount, 0.02 * line.RightCount + 1);
        result.Skewed.ShouldBeFalse();
    }

    /// <summary>A clock that is 40 times as fast; what is waited for takes its real time.</summary>
    private sealed class FastClock : TimeProvider
    {
        private readonly DateTimeOffset _start = System.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => _start + 40 * (base.GetUtcNow() - _start);
    }

    [Fact]
    public async Task Agents_in_another_namespace_and_images_by_digest_are_found()
    {
        await using var cluster = await ObservedCluster.StartAsync(
            "cilium",
            "registry.local:5000/cilium:v1.10.0@sha256:587627d909ff0e0fd9ca397484589e9a6"
        );
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(1, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));
        cluster.Create(
            ResourceKinds.ConfigMaps,
            "cilium",
            """{"metadata":{"name":"cilium-config"},"data":{"tunnel":"vxlan"}}"""
        );

        var (code, text, report) = await ObserveAsync(cluster);

        code.ShouldBe(0, text);
        report!.Phases[0].SelectionSource.ShouldBe("Hubble", text);
        report.Cluster.CiliumVersion.ShouldBe("1.10.0");
        report.Cluster.Settings["tunnel"].ShouldBe("vxlan");
    }

    [Fact]
    public async Task A_cluster_before_Kubernetes_1_21_is_observed_by_its_old_slices()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(1, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));
        var (client, between) = ApiSwitch.For(cluster.Api);
        using var _ = client;
        between.Instead = (_, path) =>
            path.StartsWith("/apis/discovery.k8s.io/v1/", StringComparison.Ordinal)
                ? (System.Net.HttpStatusCode.NotFound, """{"kind":"Status","code":404}""")
                : null;
        between.Path = path => path.Replace("/v1beta1/", "/v1/", StringComparison.Ordinal);

        var result = await new ObservationRun(client, Options(), TimeProvider.System).RunAsync(
            (_, _) => { },
            TestContext.Current.CancellationToken
        );

        result.Report.Latest.Delivery.Successes.Kind.ShouldBe(Statistics.VerdictKind.Even);
    }

    /// <summary>The same counters as other configurations write them.</summary>
    private static string Written(string metrics, string notation)
    {
        string Each(Func<string, string> line) =>
            string.Join('\n', metrics.Split('\n').Select(l => l.Length == 0 || l[0] == '#' ? l : line(l)));
        return notation switch
        {
            "OpenMetrics" => Each(l => $"{l}.0 1720000000.5 # {{trace_id=\"abc\",x=\"}} 9\"}} 1.0") + "# EOF\n",
            "quoted names" => Each(l =>
                l.Contains('{', StringComparison.Ordinal)
                    ? $"{{\"{l.Split('{')[0]}\",\"method.x\"=\"POST\",{l.Split('{')[1]}"
                    : l
            ),
            "labelsContext" => Each(l =>
                System.Text.RegularExpressions.Regex.Replace(
                    l,
                    "(source|destination)=\"([^/]*)/([^\"]*)\"",
                    "$1_namespace=\"$2\",$1_pod=\"$3\""
                )
            ),
            "one series twice" => metrics + metrics,
            "namespace" => Each(l =>
                System.Text.RegularExpressions.Regex.Replace(
                    l,
                    "(source|destination)=\"([^/]*)/([^\"]*)\"",
                    "$1=\"$2\""
                )
            ),
            _ => throw new ArgumentOutOfRangeException(nameof(notation), notation, "no such notation"),
        };
    }

    [Fact]
    public async Task A_counter_reset_costs_only_its_interval()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(7, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, pod == "agent2" && n >= 12 ? n - 12 : n));

        var (code, text, report) = await ObserveAsync(cluster);

        code.ShouldBe(0, text);
        report!.Phases[0].Delivery.Kind.ShouldBe("even", text);
        report.Quality.ShouldContain(
            q => !q.Fails && q.Text.StartsWith("counters began anew 1 time(s) (worker2)", StringComparison.Ordinal),
            text
        );
    }

    [Fact]
    public async Task Lost_events_of_Hubble_prevent_a_verdict_from_Hubble_but_not_from_the_pods()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(8, 1, 1, 1);
        cluster.Answer = (pod, n) =>
            ObservedCluster.Metrics(
                traffic.Of(pod, n)
                    + (pod == "agent1" ? $"hubble_lost_events_total{{source=\"PERF_EVENT_RING_BUFFER\"}} {n}\n" : "")
            );

        var (code, text, report) = await ObserveAsync(cluster);

        code.ShouldBe(0, text);
        report!.Phases[0].SelectionSource.ShouldBe("backends");
        report.Phases[0].Delivery.Kind.ShouldBe("even", text);
        report.Quality.ShouldContain(q => q.Text.StartsWith("not used: Hubble lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_redacted_report_has_none_of_the_clusters_names()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(9, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));

        var (code, text, _) = await ObserveAsync(cluster, o => o with { Redact = true });

        code.ShouldBe(0, text);
        var everything =
            text.Replace(_folder, "", StringComparison.Ordinal)
            + string.Concat(
                Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).Select(File.ReadAllText)
            );
        foreach (var name in (string[])["worker1", "worker3", "backend-1", "load-test", "backend/b", "127.0.0.1"])
            everything.ShouldNotContain(name);
        everything.ShouldContain("pod-1");
    }

    [Fact]
    public async Task A_node_that_only_a_finding_names_is_redacted_and_words_are_not()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        cluster.Slice(2);
        cluster.Answer = (_, _) => null;

        var (code, text, report) = await ObserveAsync(cluster, o =>
            o with
            {
                Redact = true,
                For = TimeSpan.FromSeconds(0.3),
            }
        );

        code.ShouldBe(0, text);
        report!.Quality.Count(q => q.Text.StartsWith("Hubble of node node-", StringComparison.Ordinal)).ShouldBe(3);
        text.ShouldNotContain("worker3");
        report.Diagnosis.Name.ShouldBe("undecided");
        report.Diagnosis.Sentence.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task An_impossible_observation_ends_with_1_and_says_what_to_do()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        var (code, text, _) = await ObserveAsync(cluster, o => o with { Service = "nothing" });
        (code, text).ShouldBe((1, text));
        text.ShouldContain("Service backend/nothing");
        text.ShouldContain("check the namespace and the name");

        using var unreachable = new Kubernetes(new KubernetesClientConfiguration { Host = "http://127.0.0.1:1" });
        using var errors = new StringWriter();
        (
            await ObserveCommand.RunAsync(
                unreachable,
                new ObserveOptions("backend", "backend-1"),
                TimeProvider.System,
                TextWriter.Null,
                errors,
                TestContext.Current.CancellationToken
            )
        ).ShouldBe(1);
        errors.ToString().ShouldContain("cannot be read");
    }

    private static void Apply(ObservedCluster cluster, string file)
    {
        var (policies, problems) = PolicyManifest.ReadFile(Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7", file));
        problems.ShouldBeEmpty();
        foreach (var policy in policies)
            cluster
                .Api.Store.Create(ResourceKinds.CiliumNetworkPolicies, policy.Model.Namespace, policy.Manifest)
                .OrThrow();
    }

    private ObserveOptions Options() =>
        new("backend", "backend-1")
        {
            Interval = TimeSpan.FromMilliseconds(5),
            For = TimeSpan.FromSeconds(60),
            RequestsPerMinute = 10_000_000,
            Output = _folder,
        };

    private async Task<(int Code, string Text, ReportDocument? Report)> ObserveAsync(
        ObservedCluster cluster,
        Func<ObserveOptions, ObserveOptions>? with = null
    )
    {
        var options = Options();
        using var text = new StringWriter();
        var code = await ObserveCommand.RunAsync(
            cluster.Api.Client,
            with?.Invoke(options) ?? options,
            TimeProvider.System,
            text,
            text,
            TestContext.Current.CancellationToken
        );
        var folder = Directory.EnumerateDirectories(_folder).SingleOrDefault();
        TestContext.Current.TestOutputHelper?.WriteLine(text.ToString());
        return (code, text.ToString(), folder is null ? null : ReportJson.ReadFile(folder));
    }
}
