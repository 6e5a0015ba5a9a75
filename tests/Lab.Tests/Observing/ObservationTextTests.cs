using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Testing;
using k8s;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// What <c>observe</c> says while it runs, when nothing can be seen, and after redaction.
/// </summary>
public sealed class ObservationTextTests : ObservationTests
{
    [Fact]
    public async Task Without_traffic_the_report_says_for_how_long_and_what_to_do()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(12, 1, 1, 1);
        var (clock, answers) = (new SteppedClock(), 0);
        cluster.Answer = (pod, _) =>
        {
            // Every pod answers once in a round.
            if (pod == "agent1" && answers++ > 0)
                clock.Advance(TimeSpan.FromSeconds(1));
            return ObservedCluster.Metrics(traffic.Of(pod, 5));
        };

        var (code, text, report) = await ObserveAsync(
            cluster,
            o => o with { For = TimeSpan.FromSeconds(5) },
            time: clock
        );

        code.ShouldBe(0, text);
        report!
            .Quality.First(q => q.Fails)
            .Text.ShouldMatch(@"^backend/backend-1 got no request in [45] s\. Send traffic, or make it count: ");
        text.Split('\n').Count(l => l.StartsWith("› undecided", StringComparison.Ordinal)).ShouldBe(1, text);
    }

    [Fact]
    public async Task Too_few_scrapes_are_undecided_not_a_failure_and_are_mentioned_once()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(12, 1, 1, 1);
        var (clock, answers) = (new SteppedClock(), 0);
        cluster.Answer = (pod, n) =>
        {
            if (pod == "agent1" && answers++ > 0)
                clock.Advance(TimeSpan.FromSeconds(1));
            return ObservedCluster.Metrics(traffic.Of(pod, n));
        };

        var (code, text, report) = await ObserveAsync(
            cluster,
            o => o with { For = TimeSpan.FromSeconds(5) },
            time: clock
        );

        code.ShouldBe(0, text);
        report!.Quality.Count(q => q.Text.Contains("too few", StringComparison.Ordinal)).ShouldBe(1, text);
        var folder = Directory.EnumerateDirectories(Folder).Single();
        var junit = File.ReadAllText(Path.Combine(folder, "junit.xml"));
        junit.ShouldContain("failures=\"0\"");
        junit.ShouldContain("skipped=\"1\"");
        var markdown = File.ReadAllText(Path.Combine(folder, "report.md"));
        markdown.ShouldContain("Checks: nothing is concluded, because the quality gate fails");
        markdown.ShouldNotContain("NOT reproduced");
    }

    [Fact]
    public void The_text_begins_with_what_the_cluster_is_and_the_result_and_has_a_row_of_failures()
    {
        var document = DocumentOf.Run(SampleRun.Create());
        using var output = new StringWriter();
        ObservationText.Write(document, 7, output);
        var lines = output.ToString().Split('\n');
        lines[1].ShouldBe($"{document.Cluster.Notice}.");
        lines[2].ShouldBe($"result       failing: {document.Result!.Title}");
        lines.ShouldContain("failed       1020 of 1530: 1020 × 503");
    }

    [Fact]
    public async Task Where_the_gate_lets_nothing_be_counted_no_number_of_requests_is_given()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(12, 1, 1, 1);
        cluster.Answer = (pod, n) => pod == "agent2" ? null : ObservedCluster.Metrics(traffic.Of(pod, n));

        var (_, text, _) = await ObserveAsync(cluster, o =>
            o with
            {
                BackendMetric = "",
                For = TimeSpan.FromSeconds(0.7),
            }
        );

        text.ShouldContain("Service backend/backend-1 as observed: nothing is counted, because the quality gate fails");
        text.ShouldNotContain("0 requests in 0 s");
    }

    [Fact]
    public async Task Progress_is_a_line_that_is_replaced_with_the_time_and_the_scrapes()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(1, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));
        var lines = await LinesAsync(cluster, o => o with { For = TimeSpan.FromSeconds(20) });

        var passing = lines.Where(l => l.Passing).Select(l => l.Text).ToList();
        passing[0].ShouldMatch(@"^\d+/20 s, 0/20 scrape intervals with requests$");
        var done = lines.Where(l => l.Passing).Select(l => l.Done.ShouldNotBeNull()).ToList();
        done.ShouldBeInOrder();
        done.ShouldAllBe(part => part >= 0 && part < 1);
        done[^1].ShouldBeGreaterThan(0.5);
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
        var lines = await LinesAsync(cluster, o => o with { BackendMetric = "", For = TimeSpan.FromSeconds(40) });
        var silent = lines
            .Where(l => !l.Passing)
            .Select(l => l.Text)
            .Where(l => l.StartsWith("backend/backend-1 got no request in", StringComparison.Ordinal));
        silent.Count().ShouldBe(expected ? 1 : 0, string.Join('\n', lines));
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
            text.Replace(Folder, "", StringComparison.Ordinal)
            + string.Concat(
                Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Select(File.ReadAllText)
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

    /// <summary>What an observation says whose rounds are a second apart.</summary>
    private async Task<List<(string Text, bool Passing, double? Done)>> LinesAsync(
        ObservedCluster cluster,
        Func<ObserveOptions, ObserveOptions> with
    )
    {
        List<(string Text, bool Passing, double? Done)> lines = [];
        var clock = new SteppedClock();
        await new ObservationRun(cluster.Api.Client, with(Options()), clock).RunAsync(
            (text, passing, done) =>
            {
                lines.Add((text, passing, done));
                if (passing)
                    clock.Advance(TimeSpan.FromSeconds(1));
            },
            TestContext.Current.CancellationToken
        );
        return lines;
    }
}
