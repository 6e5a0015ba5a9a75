using System.Globalization;
using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;
using CiliumDebugging.AppHost.Resources;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Spectre.Console;

namespace CiliumDebugging.AppHost.Tests.Resources;

/// <summary>All surfaces say the same of a run, and no more than is known. Over random runs.</summary>
public sealed partial class OneStatusTests
{
    private const int Runs = 900;

    private sealed record Shown(int Seed, RunReport Report, LiveSample Live, RunStatus Status, PageState Page);

    private static readonly Lazy<IReadOnlyList<Shown>> s_all = new(() => [.. Enumerable.Range(0, Runs).Select(Show)]);

    private static IReadOnlyList<Shown> All() => s_all.Value;

    private static Shown Show(int seed)
    {
        var (report, live) = RandomRuns.Create(seed);
        var status = RunStatus.Of(report, live);
        var feed = new LiveState(TimeProvider.System);
        using var watch = feed.Watch();
        feed.Begin(report.Scenario, report.Title, manual: false, report.RatePerSecond);
        if (live == LiveSample.None)
        {
            feed.End(report);
        }
        else
        {
            feed.Sample(live);
            feed.Progress(report);
        }
        return new Shown(seed, report, live, status, feed.State);
    }

    private static IEnumerable<PodStatus> Due(RunStatus status) => status.Pods.Where(p => p.Expected > 0);

    [Fact]
    public void The_random_runs_reach_every_state()
    {
        var kinds = All().GroupBy(s => s.Status.Kind).ToDictionary(g => g.Key, g => g.Count());

        foreach (var kind in Enum.GetValues<RunStatusKind>())
            kinds.GetValueOrDefault(kind).ShouldBeGreaterThan(5, $"{kind}");
    }

    [Fact]
    public void An_undecided_run_is_nowhere_red_and_has_no_cause()
    {
        foreach (var s in All().Where(s => s.Status.Kind is RunStatusKind.Undecided))
        {
            var seed = $"seed {s.Seed}";
            s.Status.IsFault.ShouldBeFalse(seed);
            s.Status.Cause.ShouldBeNull(seed);
            s.Status.Pods.ShouldAllBe(p => p.State != RowState.Silent && p.State != RowState.Short, seed);
            s.Page.PodRows.ShouldAllBe(r => r.State != RowState.Silent && r.State != RowState.Short, seed);
            s.Page.Verdict!.Kind.ShouldBe(VerdictKind.Undecided, seed);
            s.Page.Verdict.Text.ShouldStartWith("undecided", Case.Sensitive, seed);
            Aspire(s).State.Style.ShouldNotBe(KnownResourceStateStyles.Error, seed);
            DistributionHealth.Of(s.Page).Status.ShouldBe(HealthStatus.Healthy, seed);
            var leavesOut = s.Status.Pods.Any(p => p.Expected == 0);
            if (!leavesOut)
            {
                (s.Page.Diagnosis?.Name ?? "even").ShouldBe("even", seed);
                s.Status.Hop.ShouldBeEmpty(seed);
            }
            if (s.Live != LiveSample.None)
                continue;
            if (!leavesOut)
                DocumentOf.Run(s.Report).Diagnosis.Name.ShouldBeOneOf("undecided", "even");
            s.Status.Title.ShouldStartWith("No skew found", Case.Sensitive, seed);
        }
    }

    [Fact]
    public void Recovered_is_said_only_after_a_skew_that_was_called()
    {
        foreach (var s in All().Where(s => s.Status.Headline.Contains("ecovered", StringComparison.Ordinal)))
        {
            s.Status.Kind.ShouldBe(RunStatusKind.Recovered, $"seed {s.Seed}");
            var wasCalled =
                s.Report.Status.EpisodesTotal > 0
                || s.Report.Phases.SkipLast(1).Any(p => p.Delivery.Successes.Kind is VerdictKind.Skewed);
            wasCalled.ShouldBeTrue($"seed {s.Seed}");
        }
    }

    [Fact]
    public void No_load_is_said_only_when_nothing_was_sent()
    {
        foreach (var s in All().Where(s => s.Report.Phases.Any(p => p.Requests > 0)))
            s.Page.Situation.Headline.ShouldNotContain("No load", Case.Insensitive, $"seed {s.Seed}");
        var live = LiveSample.None with { Requests = 1 };
        RunStatus.Of(live).Headline.ShouldNotContain("No load");
    }

    [Fact]
    public void The_count_of_a_headline_is_that_of_the_rows_and_of_the_metric()
    {
        var counted = 0;
        foreach (var s in All())
        {
            var seed = $"seed {s.Seed}: {s.Status.Headline}";
            var due = Due(s.Status).ToList();
            s.Page.PodRows.Select(r => r.State).ShouldBe(s.Status.Pods.Select(p => p.State), seed);
            var silent = due.Count(p => p.State is RowState.Silent);
            if (!s.Status.Pods.IsEmpty)
                RunMetrics.Gauges.Single(g => g.Name == "loadtest.pods.silent").Value(s.Page).ShouldBe(silent, seed);
            if (Answering().Match(s.Status.Headline) is { Success: true } answering)
            {
                counted++;
                Number(answering, 1).ShouldBe(due.Count - silent, seed);
                Number(answering, 2).ShouldBe(due.Count, seed);
                silent.ShouldBeGreaterThan(0, seed);
            }
            if (LessThanShare().Match(s.Status.Headline) is { Success: true } less)
            {
                counted++;
                Number(less, 1).ShouldBe(due.Count(p => p.State is RowState.Undecided), seed);
                Number(less, 2).ShouldBe(due.Count, seed);
            }
        }
        counted.ShouldBeGreaterThan(50);
    }

    [Fact]
    public void A_pod_that_answers_has_a_success_and_one_that_has_less_than_its_share_has_fewer_than_the_others()
    {
        var compared = 0;
        foreach (var s in All().Where(s => s.Report.MachineGate is null))
        {
            var seed = $"seed {s.Seed}: {s.Status.Headline}";
            var due = Due(s.Status).ToList();
            foreach (var pod in due.Where(p => p.State is RowState.Answers))
                (pod.Share > 0 || pod.OkPerSecond > 0).ShouldBeTrue(seed);
            if (s.Status.Headline.StartsWith("All ", StringComparison.Ordinal))
                due.ShouldAllBe(p => p.Share > 0 || p.OkPerSecond > 0, seed);
            var all = s.Status.Pods.Sum(p => p.OkPerSecond);
            foreach (var pod in due.Where(p => p.State is RowState.Undecided or RowState.Short && p.Share > 0))
            {
                compared++;
                (pod.Share < pod.Expected / 2 || pod.OkPerSecond < pod.Expected * all / 2).ShouldBeTrue(seed);
            }
        }
        compared.ShouldBeGreaterThan(50);
    }

    [Fact]
    public void A_report_collects_nothing_and_has_one_name_for_a_fault_without_a_mechanism()
    {
        foreach (var s in All().Where(s => s.Live == LiveSample.None))
        {
            var document = DocumentOf.Run(s.Report);
            document.Diagnosis.Sentence.ShouldNotContain("ollecting", Case.Sensitive, $"seed {s.Seed}");
            if (s.Status.IsFault)
                document.Diagnosis.Name.ShouldNotBe("undecided", $"seed {s.Seed}");
        }
    }

    [Fact]
    public void Colours_and_words_of_page_and_Aspire_follow_the_same_verdict()
    {
        foreach (var s in All())
        {
            var seed = $"seed {s.Seed}: {s.Status.Headline}";
            s.Page.Situation.Headline.ShouldBe(s.Status.Headline, seed);
            var row = Aspire(s);
            row.Source.ShouldStartWith(s.Status.Headline, Case.Sensitive, seed);
            (row.State.Style == KnownResourceStateStyles.Error).ShouldBe(s.Status.IsFault, seed);
            (s.Page.Verdict?.Kind).ShouldBe(s.Status.Verdict?.Kind, seed);
            var kind = s.Status.Verdict?.Kind;
            if (s.Status.Kind is RunStatusKind.Balanced or RunStatusKind.Recovered)
                kind.ShouldBe(VerdictKind.Even, seed);
            if (s.Status.Kind is RunStatusKind.Skewed)
                kind.ShouldBe(VerdictKind.Skewed, seed);
            if (s.Status.Headline.Contains("unevenly", StringComparison.Ordinal))
                kind.ShouldBe(VerdictKind.Skewed, seed);
            if (kind is { } known)
                s.Status.VerdictText.ShouldStartWith(known.ToString(), Case.Insensitive, seed);
        }
    }

    [Fact]
    public void An_interval_never_contradicts_the_verdict_beside_it()
    {
        foreach (var s in All().Where(s => s.Status.Verdict is { Kind: VerdictKind.Even }))
        {
            var verdict = s.Status.Verdict!;
            verdict.HalfWidth.ShouldBeLessThanOrEqualTo(verdict.Tolerance + 1e-9, $"seed {s.Seed}");
            foreach (var share in verdict.Shares.Where(v => v.Expected > 0 && !double.IsNaN(v.Share.Estimate)))
            {
                share.Share.Lower.ShouldBeGreaterThanOrEqualTo(share.Expected * (1 - verdict.Tolerance) - 1e-9);
                share.Share.Upper.ShouldBeLessThanOrEqualTo(share.Expected * (1 + verdict.Tolerance) + 1e-9);
            }
        }
    }

    [Fact]
    public void Report_and_terminal_begin_with_what_was_measured_on_and_have_the_same_title()
    {
        foreach (var s in All().Where(s => s.Live == LiveSample.None))
        {
            var seed = $"seed {s.Seed}";
            var document = DocumentOf.Run(s.Report);
            document.Result!.Title.ShouldBe(s.Status.Title, seed);
            document.Result.Verdict.ShouldBe(s.Status.VerdictText, seed);
            var lines = MarkdownReport.Write(document).Split('\n');
            var isEmulated = s.Report.Details.Cluster.IsEmulated;
            lines[isEmulated ? 2 : 0].ShouldBe($"# {Md.Text(s.Status.Title)}", seed);
            if (isEmulated)
                lines[0].ShouldStartWith("**Emulated: models ", Case.Sensitive, seed);
            var terminal = Terminal(s.Report).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            terminal[isEmulated ? 1 : 0].ShouldBe(s.Status.Title, seed);
            if (isEmulated)
                terminal[0].ShouldStartWith("Emulated: models ", Case.Sensitive, seed);
            var saved = ReportJson.Read(ReportJson.Write(document));
            saved.Result.ShouldBe(document.Result, seed);
            saved.Cluster.Kind.ShouldBe(s.Report.Details.Cluster.Kind.ToString().ToLowerInvariant(), seed);
        }
    }

    private static RowText Aspire(Shown shown) =>
        DistributionText.Of(shown.Page, shown.Report.Details.Cluster, "somewhere");

    private static string Terminal(RunReport report)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Out = new AnsiConsoleOutput(text),
            }
        );
        console.Profile.Width = 400;
        SummaryText.Write(report, console);
        SummaryText.Write(report, console, verbose: true);
        return text.ToString().ReplaceLineEndings("\n");
    }

    private static int Number(Match match, int group) =>
        int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d+) of (\d+) pods answers?$")]
    private static partial Regex Answering();

    [GeneratedRegex(@"(\d+) of (\d+) pods have less than their share")]
    private static partial Regex LessThanShare();
}
