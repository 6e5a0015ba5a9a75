namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// <c>observe</c> by scraping targets whose answers are written otherwise, wrong, late or missing.
/// </summary>
public sealed class ScrapedTargetsTests : ObservationTests
{
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
}
