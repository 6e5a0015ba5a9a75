using System.Text.RegularExpressions;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// <c>observe --prometheus</c>: the same verdict from a Prometheus, and a clear error from other servers.
/// </summary>
public sealed partial class PrometheusObservationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("observe-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_past_of_a_Prometheus_is_evaluated_at_once_with_nine_requests()
    {
        await using var prometheus = new FakePrometheus();
        prometheus.Answer = FakePrometheus.Scraped(new Traffic(11, 1, 1, 1), 60, Now());
        var (code, text, report) = await ObserveAsync(prometheus, "backend-policy.yaml");
        code.ShouldBe(0, text);
        report!.Phases[0].Delivery.Kind.ShouldBe("even", text);
        report.Phases[0].Delivery.ScrapeIntervals.ShouldBeGreaterThanOrEqualTo(50);
        report.Diagnosis.Name.ShouldBe("even");
        prometheus.Requests.Count.ShouldBe(9);
        prometheus.Requests.ShouldAllBe(line => line.StartsWith("GET /api/v1/query?", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_skew_of_the_original_report_is_named_from_a_Prometheus()
    {
        await using var prometheus = new FakePrometheus();
        prometheus.Answer = FakePrometheus.Scraped(new Traffic(12, 1, 1, 1) { TwoSided = true }, 60, Now());
        var (code, text, report) = await ObserveAsync(prometheus, "backend-policy.yaml", "load-test-policy.yaml");
        code.ShouldBe(3, text);
        report!.Diagnosis.Name.ShouldBe("two-sided-l7", text);
    }

    [Fact]
    public async Task A_Prometheus_without_samples_of_the_Service_gives_no_evidence()
    {
        await using var prometheus = new FakePrometheus();
        var (code, text, report) = await ObserveAsync(prometheus);
        code.ShouldBe(0, text);
        report!.Phases[0].Delivery.Kind.ShouldBe("undecided");
        report.Quality.ShouldContain(q =>
            q.Fails && q.Text.Contains("no agent's Hubble metrics", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_result_that_is_null_is_an_empty_one()
    {
        await using var prometheus = new FakePrometheus
        {
            Answer = _ => FakePrometheus.Json("""{"status":"success","data":{"resultType":"matrix","result":null}}"""),
        };
        var (code, text, _) = await ObserveAsync(prometheus);
        code.ShouldBe(0, text);
        text.ShouldContain("no agent's Hubble metrics are known");
    }

    [Theory]
    [InlineData("HTML", "<html><body>Log in</body></html>", "is not a Prometheus")]
    [InlineData(
        "an error of its own",
        """{"status":"error","errorType":"bad_data","error":"query timed out"}""",
        "query timed out"
    )]
    [InlineData(
        "another result",
        """{"status":"success","data":{"resultType":"vector","result":[]}}""",
        "is not a Prometheus"
    )]
    [InlineData("a list", "[]", "is not a Prometheus")]
    [InlineData(
        "half of one",
        """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,""",
        "gave an incomplete answer: it ends after 86 characters with '"
    )]
    [InlineData(
        "a sample that is none",
        """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[["x"]]}]}}""",
        "is not a Prometheus"
    )]
    [InlineData("very deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "is not a Prometheus")]
    [InlineData("no answer", null, "cannot be read")]
    public async Task Another_server_than_a_Prometheus_ends_with_1_and_a_sentence(
        string what,
        string? answer,
        string expected
    )
    {
        await using var prometheus = new FakePrometheus
        {
            Answer = _ => answer is null ? null : FakePrometheus.Json(answer),
        };
        var (code, text, _) = await ObserveAsync(prometheus);
        code.ShouldBe(1, what);
        text.ShouldContain(expected);
        text.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("Bearer", "t0ken-of-it", "tenant-7", "Bearer t0ken-of-it of tenant-7", "Bearer (hidden) of (hidden)")]
    [InlineData(
        "Basic",
        "Ym9iOnBhc3MgdzByZDp4",
        "Key k-77",
        "bob: not pass w0rd:x, k-77",
        "bob: not (hidden), (hidden)"
    )]
    public async Task Credentials_and_headers_are_sent_and_never_shown(
        string scheme,
        string credentials,
        string header,
        string answer,
        string shown
    )
    {
        await using var prometheus = new FakePrometheus { Answer = _ => FakePrometheus.Text("403 Forbidden", answer) };
        var (code, text, _) = await ObserveAsync(prometheus, o =>
            o with
            {
                Prometheus = o.Prometheus! with
                {
                    Credentials = new(scheme, credentials),
                    Headers = [KeyValuePair.Create("X-Scope-OrgID", header)],
                },
            }
        );
        code.ShouldBe(1);
        prometheus.Headers.ShouldContain($"Authorization: {scheme} {credentials}");
        prometheus.Headers.ShouldContain($"X-Scope-OrgID: {header}");
        text.ShouldContain($"'{shown}'");
        text.ShouldContain("are not accepted");
    }

    [Fact]
    public async Task Warnings_of_a_partial_answer_are_quoted_in_the_report()
    {
        await using var prometheus = new FakePrometheus();
        var scraped = FakePrometheus.Scraped(new Traffic(14, 1, 1, 1), 60, Now());
        prometheus.Answer = query =>
            FakePrometheus.Json(
                scraped(query)!.Split("\r\n\r\n", 2)[1][..^1]
                    + ",\"warnings\":[\"store 10.0.0.9:10901 not reachable\"]}"
            );
        var (code, text, report) = await ObserveAsync(prometheus, "backend-policy.yaml");
        code.ShouldBe(0, text);
        report!.Phases[0].Delivery.Kind.ShouldBe("even", text);
        report.Quality.ShouldContain(q =>
            !q.Fails
            && q.Text == "Prometheus warns that its answer may be incomplete: 'store 10.0.0.9:10901 not reachable'"
        );
    }

    [Fact]
    public async Task A_query_that_is_too_long_for_a_URL_is_posted()
    {
        await using var prometheus = new FakePrometheus();
        using var api = new PrometheusApi(new PrometheusServer(prometheus.Address), new LaterClock());
        var matcher = $"destination=~\"{string.Join('|', Enumerable.Range(0, 1000).Select(i => $"backend/b{i}"))}\"";
        prometheus.Answer = query =>
            query.Contains("backend/b999", StringComparison.Ordinal)
                ? FakePrometheus.Json("""{"status":"success","data":{"resultType":"matrix","result":[]}}""")
                : FakePrometheus.Text("414 URI Too Long", "");
        var answer = await api.SamplesAsync("m", matcher, 60, 1, TestContext.Current.CancellationToken);
        answer.Series.ShouldBeEmpty();
        prometheus.Requests.ShouldHaveSingleItem().ShouldStartWith("POST /api/v1/query HTTP");
    }

    [Fact]
    public async Task Only_series_with_the_given_label_are_requested_and_used()
    {
        await using var prometheus = new FakePrometheus();
        var scraped = FakePrometheus.Scraped(new Traffic(15, 1, 1, 1), 60, Now());
        prometheus.Answer = query =>
            FakePrometheus.Json(
                scraped(query)!
                    .Split("\r\n\r\n", 2)[1]
                    .Replace("\"__name__\"", "\"cluster\":\"a\\\"b\",\"__name__\"", StringComparison.Ordinal)
            );
        Task<(int Code, string Text, ReportDocument? Report)> Observe(string cluster) =>
            ObserveAsync(
                prometheus,
                o => o with { Prometheus = o.Prometheus! with { Labels = [KeyValuePair.Create("cluster", cluster)] } },
                "backend-policy.yaml"
            );
        var (code, text, report) = await Observe("a\"b");
        code.ShouldBe(0, text);
        report!.Phases[0].Delivery.Kind.ShouldBe("even", text);
        prometheus.Requests.ShouldAllBe(r =>
            Uri.UnescapeDataString(r).Contains("{cluster=\"a\\\"b\"", StringComparison.Ordinal)
        );
        Directory.Delete(_folder, recursive: true);
        (_, text, report) = await Observe("other");
        const string None = "Prometheus has no series with cluster=\"other\"";
        report!.Quality.ShouldContain(q => q.Fails && q.Text == None, text);
    }

    [Theory]
    [InlineData("a flood", "cannot be read: the answer is longer than 65536 KiB")]
    [InlineData("a drip", "gave no complete answer within 0.3 s")]
    [InlineData("silence", "gave no complete answer within 0.3 s")]
    public async Task A_Prometheus_whose_answer_never_ends_times_out_and_is_named(string what, string expected)
    {
        await using var prometheus = new FakePrometheus { Endless = EndlessAnswer.Named(what) };
        // A long answer takes time to exceed the limit.
        var (code, text, _) = await ObserveAsync(prometheus, o =>
            o with
            {
                Prometheus = o.Prometheus! with
                {
                    Timeout = what == "a flood" ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(0.3),
                },
            }
        );
        code.ShouldBe(1, text);
        text.ShouldContain(expected);
        text.ShouldContain($"Prometheus {prometheus.Address}");
        // On a slow machine the limit ends before the request arrives.
        prometheus.Requests.Count.ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public async Task A_target_that_was_down_and_a_NaN_fail_the_gate()
    {
        await using var prometheus = new FakePrometheus();
        var scraped = FakePrometheus.Scraped(new Traffic(13, 1, 1, 1), 60, Now());
        prometheus.Answer = query =>
        {
            var body = scraped(query)!.Split("\r\n\r\n", 2)[1];
            return FakePrometheus.Json(
                Regex.Replace(body, "\"instance\":\"worker2:9091\".*?\"values\":(\\[\\[.*?\\]\\])", m =>
                    query.StartsWith("up", StringComparison.Ordinal)
                        ? m.Value.Replace("\"1\"", "\"0\"", StringComparison.Ordinal)
                        : Regex.Replace(m.Value, "\"\\d+\"\\]", "\"NaN\"]")
                )
            );
        };
        var (code, text, report) = await ObserveAsync(prometheus, "backend-policy.yaml");
        code.ShouldBe(0, text);
        report!.Quality.ShouldContain(
            q => q.Text.Contains("Hubble of node worker2: 0 of", StringComparison.Ordinal),
            text
        );
    }

    private static double Now() => (new LaterClock().GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds - 2;

    private Task<(int Code, string Text, ReportDocument? Report)> ObserveAsync(
        FakePrometheus prometheus,
        params string[] policies
    ) => ObserveAsync(prometheus, o => o, policies);

    private async Task<(int Code, string Text, ReportDocument? Report)> ObserveAsync(
        FakePrometheus prometheus,
        Func<ObserveOptions, ObserveOptions> with,
        params string[] policies
    )
    {
        await using var cluster = await ObservedCluster.StartAsync();
        foreach (var file in policies)
        {
            foreach (
                var policy in PolicyManifest
                    .ReadFile(Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7", file))
                    .Policies
            )
                cluster
                    .Api.Store.Create(ResourceKinds.CiliumNetworkPolicies, policy.Model.Namespace, policy.Manifest)
                    .OrThrow();
        }
        var options = new ObserveOptions("backend", "backend-1")
        {
            Prometheus = new PrometheusServer(prometheus.Address),
            RequestsPerMinute = 10_000_000,
            Output = _folder,
        };
        using var text = new StringWriter();
        var code = await ObserveCommand.RunAsync(
            cluster.Api.Client,
            with(options),
            new LaterClock(),
            text,
            text,
            TestContext.Current.CancellationToken
        );
        TestContext.Current.TestOutputHelper?.WriteLine(text.ToString());
        var folder = Directory.EnumerateDirectories(_folder).SingleOrDefault();
        return (code, text.ToString(), folder is null ? null : ReportJson.ReadFile(folder));
    }

    /// <summary>A clock five minutes ahead, so that the objects of the test are old.</summary>
    private sealed class LaterClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromMinutes(5);
    }
}
