using System.Collections.Immutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Reports.Html;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Reports;

public sealed partial class ReportFormatsTests
{
    /// <summary>Everything that means something to HTML, XML, Markdown or JSON.</summary>
    private const string Hostile =
        "</style><script src=//evil></script> \"'&amp; `|` ``` @everyone #1 [a](b) \u0001\ud83d\ude00 | x";

    private static readonly ReportDocument s_document = DocumentOf.Run(SampleRun.Create());
    private static readonly ReportDocument s_hostile = DocumentOf.Run(SampleRun.Create(Hostile, Hostile));

    [Fact]
    public void What_is_saved_is_read_again_unchanged()
    {
        var json = ReportJson.Write(s_hostile);

        ReportJson.Write(ReportJson.Read(json)).ShouldBe(json);
        ReportJson.Read(json).Cluster.Settings["tunnel"].ShouldBe(Hostile);
    }

    [Theory]
    [InlineData("", "it is not a report")]
    [InlineData("[]", "it is not a report")]
    [InlineData("{\"schema\":\"other\"}", "it is not a report: the field 'schema' is not 'cilium-debugging/report'")]
    [InlineData(
        "{\"schema\":\"cilium-debugging/report\",\"version\":2}",
        "its version is 2; this program reads version 1"
    )]
    [InlineData("{\"schema\":\"cilium-debugging/report\",\"version\":1}", "scenario is missing: expected an object")]
    [InlineData(
        "{\"schema\":\"cilium-debugging/report\",\"version\":\"1\"}",
        "its version is \"1\"; this program reads version 1"
    )]
    [InlineData("{\n\"a\":x}", "it is not a report: it is not valid JSON from line 2, byte 5 on")]
    [InlineData("{\"schema\":\"\\ud800\"}", "it is not a report: a text has half a character")]
    public void What_is_no_report_is_refused_with_what_was_found(string json, string message) =>
        Should.Throw<InvalidDataException>(() => ReportJson.Read(json)).Message.ShouldStartWith(message);

    [Fact]
    public void The_schema_page_names_every_field()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "report-schema.md"));
        using var json = System.Text.Json.JsonDocument.Parse(ReportJson.Write(s_document));
        Fields(json.RootElement)
            .Distinct()
            .Where(f => !page.Contains($"`{f}`", StringComparison.Ordinal))
            .ShouldBeEmpty();
    }

    [Fact]
    public void The_charts_have_the_seeds_numbers()
    {
        var charts = Rates.Charts(s_document).ToDictionary(c => c.Id);
        double Last(string chart, string pod, int status = 0) =>
            charts[chart].Lines.Single(l => l.Pod.EndsWith(pod, StringComparison.Ordinal) && l.Status == status).Last;

        Last("echo", "ccccc").ShouldBe(17, 1e-9);
        Last("echo", "aaaaa").ShouldBe(0, 1e-9);
        Last("hubble-requests", "ccccc").ShouldBe(34, 1e-9);
        Last("hubble-requests", "bbbbb").ShouldBe(17, 1e-9);
        Last("hubble-responses", "ccccc", 200).ShouldBe(34, 1e-9);
        Last("hubble-responses", "aaaaa", 503).ShouldBe(17, 1e-9);
        charts["echo"].Lines.ShouldAllBe(l => Math.Abs(l.Points[5].PerSecond - 17) < 1e-9);
    }

    [Fact]
    public void The_markdown_has_everything_an_issue_needs()
    {
        var text = MarkdownReport.Write(s_document);

        foreach (
            var part in (string[])
                [
                    "## Diagnosis: two-sided-l7",
                    "What would refute it:",
                    "What helps:",
                    "<https://github.com/cilium/cilium/issues/14268>",
                    "- Cilium 1.9.0 (emulated)",
                    "1. apply backend-policy.yaml",
                    "| `backend-1-7d9f-ccccc` | `cluster-worker3` (client) | 17.0 | 33.3 ",
                    "```text\nBackend: echo requests per pod: requests/s, scale 0 to 17.0, 60.0 s\n",
                    "30.0 s: load-test-policy.yaml was applied",
                    "Phase observe: 1020 of 1530 requests failed (66.7 %). Delivery: skewed beyond ±15 %",
                    "| **failed** | 1020 × 503 |",
                    "- [ ] observe: every failure is a 503",
                    "tunnel: vxlan",
                    "- `03:04:35` load-test-policy.yaml was applied (30.0 s)",
                    "dotnet run --project AppHost -- --once --scenario two-sided-l7 --rate 51",
                    "kind: CiliumNetworkPolicy",
                    "<details><summary>What was measured, phase by phase</summary>",
                ]
        )
            text.ShouldContain(part);
    }

    [Fact]
    public void What_is_not_folded_is_one_screen()
    {
        var open = Regex.Replace(
            MarkdownReport.Write(s_document),
            "<details>.*?</details>\n",
            "",
            RegexOptions.Singleline
        );

        open.ShouldContain("## What happened");
        open.ShouldContain("| `backend-1-7d9f-aaaaa` | `cluster-worker` | 0 % of 33 % | 0.0 | 17.0 |");
        open.ShouldContain("What helps:");
        open.Split('\n').Length.ShouldBeLessThanOrEqualTo(50);
    }

    [Fact]
    public void Every_report_says_first_that_it_is_emulated_and_then_the_result()
    {
        const string Notice = "Emulated: models Cilium 1.9.0 on the embedded cluster, not a measurement of Cilium";
        s_document.Cluster.Kind.ShouldBe("emulated");
        var title = s_document.Result!.Title;
        title.ShouldStartWith("1 of 3 pods answers since ");
        title.ShouldContain("(load-test-policy.yaml was applied");

        var lines = MarkdownReport.Write(s_document).Split('\n');
        lines[0].ShouldBe($"**{Notice}.**");
        lines[2].ShouldBe($"# {title}");
        lines[4].ShouldBe("Scenario two-sided-l7: Two-sided L7 policy\\");
        var body = HtmlReport.Write(s_document).Split("<body>")[1].TrimStart();
        body.ShouldStartWith($"<p class=\"emulated\">{Notice}.</p>");
        body.ShouldContain($"<h1>{title}</h1>");
        JUnitReport.Write(s_document).ShouldContain($"<system-out>{Notice}.\n{title}");
    }

    [Fact]
    public void A_prediction_is_marked_and_a_real_cluster_is_not_called_emulated()
    {
        var run = SampleRun.Create();
        DocumentOf
            .Run(run with { Evidence = ReleaseEvidence.Predicted })
            .Cluster.Notice.ShouldEndWith("What it shows for Cilium 1.9.0 is predicted by the model, not observed");
        var real = run with { Details = run.Details with { Cluster = new ClusterIdentity(ClusterKind.Kind, "1.9.0") } };
        var document = DocumentOf.Run(real);
        (document.Cluster.Notice, document.Cluster.Kind).ShouldBe(("", "kind"));
        MarkdownReport.Write(document).ShouldStartWith("# 1 of 3 pods answers since ");
    }

    [Theory]
    [InlineData(8, 8, "reproduced as expected (8 of 8 checks)")]
    [InlineData(8, 3, "two-sided-l7 was NOT reproduced: 250 of 250 succeeded (3 of 8 checks)")]
    [InlineData(0, 0, "")]
    public void A_bug_that_does_not_show_is_a_result_of_its_own(int checks, int held, string text) =>
        Reproduction.Describe("two-sided-l7", checks, held, 250, 250).ShouldBe(text);

    [Fact]
    public void An_observation_reproduces_nothing_and_a_difference_of_scrapes_is_no_failure()
    {
        var line = s_document.Reconciliation[0];
        var observed = s_document with
        {
            Load = s_document.Load with { Url = "" },
            Expectations = [new("no request fails", false, "x"), new("selection is not skewed", true, "y")],
            Reconciliation = [line with { RightCount = line.LeftCount + 1, Difference = 1 }],
        };
        MarkdownReport.Write(observed).ShouldContain("Checks: 1 of 2 passed");
        HtmlReport.Write(observed).ShouldContain("Checks: 1 of 2 passed");
        MarkdownReport.Write(observed).ShouldNotContain("reproduced");
        var junit = JUnitReport.Write(observed);
        junit.ShouldContain("tests=\"2\" failures=\"1\"");
        junit.ShouldNotContain("reconciliation");
    }

    [Fact]
    public void The_short_table_has_a_row_of_failures() =>
        MarkdownReport.Write(s_document).ShouldContain("| **failed** 1020 of 1530 | 1020 × 503 | | | |");

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("my folder/it's", "'my folder/it'\\''s'")]
    [InlineData("a=$b", "'a=$b'")]
    [InlineData("", "''")]
    public void A_word_is_quoted_for_a_shell_where_it_must_be(string word, string quoted) =>
        ShellWord.Of(word).ShouldBe(quoted);

    [Fact]
    public void The_command_of_the_run_is_the_one_to_reproduce_it()
    {
        var command = "dotnet run --project AppHost -- --once --scenario my/folder --workers 4";
        MarkdownReport.Write(s_document with { Command = command }).ShouldContain($"```sh\n{command}\n");
        MarkdownReport.Write(s_document).ShouldContain(" --rate 51 --set tunnel=vxlan");
        Redaction.Apply(s_document with { Command = command }).Command.ShouldBeNull();
    }

    [Fact]
    public void The_text_charts_show_the_change_at_its_place()
    {
        var chart = TextCharts.Draw(Rates.Charts(s_document)[0], s_document).Split('\n');
        var line = chart.Single(l => l.StartsWith("backend/backend-1-7d9f-aaaaa", StringComparison.Ordinal));
        var row = line.Split('│')[1];

        row.Length.ShouldBe(TextCharts.Columns);
        row[..29].ShouldBe(new string('█', 29));
        row[36..].ShouldBe(new string(' ', 24));
    }

    [Fact]
    public void Hostile_names_stay_text_in_markdown()
    {
        var text = MarkdownReport.Write(s_hostile);

        Outside(text).ShouldNotMatch(@"(?<!\\)<script");
        Outside(text).ShouldNotContain("@everyone");
        Outside(text).ShouldNotContain("#1 ");
    }

    [Fact]
    public void The_page_loads_nothing_and_hostile_names_stay_text_in_it()
    {
        var page = HtmlReport.Write(s_hostile);

        page.ShouldContain("default-src 'none'");
        page.ShouldNotContain("<script");
        Loads()
            .Matches(page)
            .Select(m => m.Value)
            .Where(m => m != "<link rel=\"icon\" href=\"data:,\"")
            .ShouldBeEmpty();
        page.Split("</style>").Length.ShouldBe(2);
    }

    [Fact]
    public void The_page_is_well_formed_and_its_pictures_are_there_for_wide_and_narrow()
    {
        var svgs = SvgElements().Matches(HtmlReport.Write(s_document)).Select(m => XElement.Parse(m.Value)).ToList();

        svgs.Count(s => s.Attribute("class")!.Value == "wide").ShouldBe(3 + 2);
        svgs.Count(s => s.Attribute("class")!.Value == "narrow").ShouldBe(3 + 2);
        svgs.SelectMany(s => s.Descendants())
            .Attributes("data-failed")
            .Select(a => a.Value)
            .ShouldBe(["17.0", "17.0", "17.0", "17.0"]);
        svgs.SelectMany(s => s.Descendants())
            .SelectMany(e => e.Attributes())
            .ShouldAllBe(a => !a.Value.Contains("NaN") && !a.Value.Contains('∞'));
    }

    [Fact]
    public void A_page_of_many_pods_stays_small()
    {
        var series = s_document.Series;
        var many = Enumerable
            .Range(0, 500)
            .Select(i => series.Pods[i % 3] with { Pod = $"backend/pod-{i:000}" })
            .ToImmutableArray();
        var pods = Enumerable
            .Range(0, 500)
            .Select(i => s_document.Phases[0].Pods[i % 3] with { Name = $"pod-{i:000}" })
            .ToImmutableArray();
        var page = HtmlReport.Write(
            s_document with
            {
                Series = series with { Pods = many },
                Phases = [.. s_document.Phases.Select(p => p with { Pods = pods })],
            }
        );

        page.Length.ShouldBeLessThan(1_000_000);
        page.ShouldContain("lines with less load are not shown");
        page.ShouldContain("more pods are not drawn");
    }

    [Fact]
    public void A_run_without_samples_or_requests_is_still_a_report()
    {
        var empty = s_document with
        {
            Series = new SeriesInfo(1, 0, [], []),
            Phases = [s_document.Phases[0] with { Requests = 0, Seconds = 0, Pods = [], Latency = null }],
            Onsets = [],
            Events = [],
        };

        HtmlReport.Write(empty).ShouldContain("no request failed");
        MarkdownReport.Write(empty).ShouldContain("baseline: 0 s, 0 requests");
    }

    private static IEnumerable<string> Fields(System.Text.Json.JsonElement element) =>
        element.ValueKind switch
        {
            // Maps whose keys are data: settings, statuses, kinds.
            System.Text.Json.JsonValueKind.Object => element
                .EnumerateObject()
                .SelectMany(p =>
                    p.Name is "settings" or "byStatus" or "unanswered" or "responses"
                        ? [p.Name]
                        : Fields(p.Value).Prepend(p.Name)
                ),
            System.Text.Json.JsonValueKind.Array => element.EnumerateArray().SelectMany(Fields),
            _ => [],
        };

    /// <summary>The text outside of fenced blocks; every block must be closed.</summary>
    private static string Outside(string markdown)
    {
        string? open = null;
        List<string> outside = [];
        foreach (var line in markdown.Split('\n'))
        {
            var fence = line[..(line.Length - line.TrimStart('`').Length)];
            if (open is null && fence.Length >= 3)
                open = fence;
            else if (open is null)
                outside.Add(line);
            else if (fence.Length >= open.Length && line == fence)
                open = null;
        }
        open.ShouldBeNull();
        return string.Join('\n', outside);
    }

    [GeneratedRegex(
        "<(?:img|link|iframe|object|embed|audio|video|source|image|use|base)\\b[^>]*|@import|url\\([^)]*\\)"
    )]
    private static partial Regex Loads();

    [GeneratedRegex("<svg.*?</svg>", RegexOptions.Singleline)]
    private static partial Regex SvgElements();
}
