using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using Spectre.Console;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>The summary of a run on the console: at most 15 lines and two for a note, none wider than the
/// console.</summary>
public static class SummaryText
{
    private const int MaxPods = 5,
        MaxPhases = 3,
        MaxWidth = 120;

    /// <summary>Columns of a phase.</summary>
    private const int PhaseWidth = 18;

    /// <summary>Columns before the text of a line.</summary>
    private const int TitleWidth = 13;

    /// <summary>Writes the summary.</summary>
    /// <param name="report">The run.</param>
    /// <param name="console">Where to.</param>
    /// <param name="verbose">Whether all counts, intervals and verdicts are written.</param>
    public static void Write(RunReport report, IAnsiConsole console, bool verbose = false)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(console);
        var status = RunStatus.Of(report, LiveSample.None);
        console.WriteLine();
        if (report.Notice is { Length: > 0 } notice)
            console.MarkupLine($"[yellow]{Markup.Escape(notice)}[/]");
        console.MarkupLine($"[bold {ColorOf(status)}]{Markup.Escape(status.Title)}[/]");
        if (verbose)
        {
            SummaryTables.Write(report, status, console);
            return;
        }
        foreach (var line in Lines(report, status, Math.Min(console.Profile.Width, MaxWidth)))
            console.MarkupLine(line);
    }

    /// <summary>The colour of a status, as Spectre names it.</summary>
    internal static string ColorOf(RunStatus status) => StateLooks.Of(status).Color;

    /// <summary>What was sent, and from where.</summary>
    internal static string Load(RunReport report) => $"{Rate(report)} from {report.ClientPod} on {report.ClientNode}";

    private static string Rate(RunReport report) =>
        Invariant($"{report.RatePerSecond:0.##} requests/s on {report.Details.Connections}");

    /// <summary>Cause and remedy of a fault, with short names of Pods.</summary>
    internal static IEnumerable<(string Title, string Text)> Reasons(RunStatus status)
    {
        yield return ("cause", Shortened(status.Why, status));
        if (status.Cause is { Remedies: [var remedy, ..] })
            yield return ("fix", remedy);
    }

    /// <summary>A text in which the long names of Pods are short.</summary>
    private static string Shortened(string text, RunStatus status)
    {
        foreach (var (name, brief) in ShortNames.Of(status.Pods.Select(p => p.Pod.Name)))
            text = text.Replace(name, brief, StringComparison.Ordinal);
        return text;
    }

    private static IEnumerable<string> Lines(RunReport report, RunStatus status, int width)
    {
        yield return new StyledLine(width)
            .Add($"{report.Scenario}: {Rate(report)}, client on {report.ClientNode}")
            .ToString();
        var phases = ShownPhases(report);
        foreach (var line in Table(report, status, phases, width))
            yield return line;
        yield return Titled("verdict", Shortened(VerdictOf(status), status), width, ColorOf(status));
        foreach (var (title, text) in status.IsFault ? Reasons(status) : [])
        foreach (
            var (line, i) in StyledLine
                .Wrap(text, width - TitleWidth, title == "cause" ? 2 : 1)
                .Select((l, i) => (l, i))
        )
            yield return Titled(i == 0 ? title : "", line, width);
        if (report.EndedEarly is { } end)
            yield return Titled("ended early", end.Reason, width, "yellow");
        else
            yield return Counts(report, width);
        if (report.Quality is [var note, ..])
        {
            var more = report.Quality.Length > 1 ? $" ({report.Quality.Length - 1} more: --verbose)" : "";
            foreach (var (line, i) in StyledLine.Wrap(note.Text + more, width - TitleWidth, 2).Select((l, i) => (l, i)))
                yield return Titled(i == 0 ? "note" : "", line, width);
        }
        if (report.Reproduced is { Length: > 0 } reproduced)
            yield return Titled("result", reproduced, width, report.Holds ? "green" : "red");
        if (report.Expectations.FirstOrDefault(e => !e.Holds) is { } missed)
            yield return Titled("expected", $"{missed.What}; {missed.Observed}", width);
    }

    private static string Counts(RunReport report, int width)
    {
        var (all, differs) = (report.Reconciliation.Length, report.Reconciliation.Count(r => r.Difference != 0));
        return report.Reconciles
            ? Titled("counts", Invariant($"client, proxies and backends agree exactly ({all} counts)"), width, "green")
            : Titled("counts", Invariant($"{differs} of {all} counts differ (--verbose shows them)"), width, "red");
    }

    private static string Titled(string title, string text, int width, string? style = null) =>
        new StyledLine(width).Add($"{title, -TitleWidth}", "bold").Add(text, style).ToString();

    /// <summary>The first measured phase and the last ones.</summary>
    private static ImmutableArray<PhaseReport> ShownPhases(RunReport report)
    {
        var measured = report.Phases.Where(p => p.IsEvaluated).ToImmutableArray();
        return measured.Length <= MaxPhases ? measured : [measured[0], .. measured[^(MaxPhases - 1)..]];
    }

    /// <summary>Share and rate of each Pod in each phase, worst first; failures have a line of their own.</summary>
    private static IEnumerable<string> Table(
        RunReport report,
        RunStatus status,
        ImmutableArray<PhaseReport> phases,
        int width
    )
    {
        var (names, nodes) = (
            ShortNames.Of(status.Pods.Select(p => p.Pod.Name)),
            ShortNames.Of(status.Pods.Select(p => p.Pod.Node))
        );
        var pods = StateLooks.WorstFirst(status.Pods).ToList();
        var nameWidth = Math.Min(16, pods.Select(p => names[p.Pod.Name].Length).DefaultIfEmpty(0).Max());
        var nodeWidth = Math.Min(16, pods.Select(p => nodes[p.Pod.Node].Length).DefaultIfEmpty(0).Max()) + 9;
        var first = 2 + nameWidth + 2 + nodeWidth;
        var head = new StyledLine(width).Add("  share of successes").PadTo(first);
        foreach (var phase in phases)
            head.Add(
                StyledLine.Fit(Invariant($"{phase.Name} {phase.Seconds:0} s"), PhaseWidth - 1).PadLeft(PhaseWidth),
                "bold"
            );
        yield return head.ToString();
        foreach (var pod in pods.Take(pods.Count > MaxPods ? MaxPods - 1 : MaxPods))
        {
            var (mark, color) = StateLooks.Of(pod.State);
            var line = new StyledLine(width)
                .Add($"{mark} {StyledLine.Fit(names[pod.Pod.Name], nameWidth)}", color)
                .PadTo(2 + nameWidth + 2)
                .Add(StyledLine.Fit($"{nodes[pod.Pod.Node]}{(pod.OnClientNode ? " ← client" : "")}", nodeWidth))
                .PadTo(first);
            foreach (var phase in phases)
                line.Add(Share(phase, pod).PadLeft(PhaseWidth));
            yield return line.ToString();
        }
        if (pods.Count > MaxPods)
            yield return new StyledLine(width).Add($"  … and {pods.Count - MaxPods + 1} more pods").ToString();
        var changing = report.Phases.Where(p => !p.IsEvaluated).Sum(p => p.Failures);
        if (phases.All(p => p.Failures == 0) && changing == 0)
            yield break;
        var failed = new StyledLine(width).Add("✗ failed", "red").PadTo(first);
        foreach (var phase in phases)
            failed.Add(
                Invariant($"{phase.Failures} of {phase.Requests}").PadLeft(PhaseWidth),
                phase.Failures > 0 ? "red" : null
            );
        yield return failed.Add(changing > 0 ? $"  +{changing} in between" : "").ToString();
    }

    private static string Share(PhaseReport phase, PodStatus pod)
    {
        if (phase.Pods.FirstOrDefault(p => p.Pod.HubbleName == pod.Pod.HubbleName) is not { } counts)
            return "–";
        var share = phase.Ok == 0 ? "– " : Invariant($"{100.0 * counts.Ok / phase.Ok:0} %");
        return Invariant($"{share, 5} {counts.Ok / Math.Max(phase.Seconds, 1e-9), 6:0.0}/s");
    }

    private static string VerdictOf(RunStatus status)
    {
        if (status.Verdict is not { Kind: VerdictKind.Skewed, ErrorProbability: > 0 and var error } verdict)
            return status.VerdictText;
        return Invariant($"skewed; wrong in at most 1 of {1 / error:#,0} runs ({verdict.Connections} connections)");
    }
}
