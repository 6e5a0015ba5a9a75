using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using Spectre.Console;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>
/// The whole result of a run on the console: counts of each Pod in each phase from every source, with intervals,
/// verdicts, diagnosis, reconciliation and expectations.
/// </summary>
internal static class SummaryTables
{
    private static readonly string[] s_rates =
    [
        "ok/s",
        "share of successes",
        "failed/s",
        "echo/s",
        "Hubble req/s",
        "Hubble ok/s",
        "Hubble 5xx/s",
    ];

    /// <summary>Writes everything that follows the title.</summary>
    public static void Write(RunReport report, RunStatus status, IAnsiConsole console)
    {
        console.MarkupLine($"scenario {Markup.Escape(report.Scenario)}: {Markup.Escape(report.Title)}");
        console.MarkupLine(Markup.Escape(SummaryText.Load(report)));
        foreach (var phase in report.Phases)
            WritePhase(phase, console);
        if (report.EndedEarly is { } end)
            Line(console, "ended early", $"[yellow]{Markup.Escape(end.Reason)}[/]; what was complete is above");
        WriteOnset(report, console);
        WriteDiagnosis(status, console);
        if (report.EndedEarly is null)
            WriteReconciliation(report, console);
        foreach (var finding in report.Quality)
            Line(console, "note", Markup.Escape(finding.Text));
        WriteExpectations(report, console);
    }

    private static void WriteDiagnosis(RunStatus status, IAnsiConsole console)
    {
        if (status.Diagnosis is not { } diagnosis)
        {
            Line(console, "diagnosis", $"[yellow]none[/]: {Markup.Escape(status.Why)}");
            return;
        }
        var (name, sentence) = (Markup.Escape(diagnosis.Name), Markup.Escape(diagnosis.Sentence));
        Line(console, "diagnosis", $"[{SummaryText.ColorOf(status)}]{name}[/]: {sentence}");
        foreach (var remedy in diagnosis.Remedies)
            Line(console, "remedy", Markup.Escape(remedy));
    }

    private static void WritePhase(PhaseReport phase, IAnsiConsole console)
    {
        var counts = Invariant($"{phase.Requests} requests, {phase.Ok} succeeded, {phase.Failures} failed");
        var failures = FailureText.Of(phase.ByStatus, phase.Unanswered);
        if (!phase.IsEvaluated)
        {
            var kinds = failures.Length > 0 ? $" ({failures})" : "";
            Line(
                console,
                "in between",
                Markup.Escape(Invariant($"{phase.Name}: {phase.Seconds:0.#} s, {counts}{kinds}"))
            );
            return;
        }
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title(Markup.Escape(Invariant($"{phase.Name}: {phase.Seconds:0.#} s, {counts}")))
            .AddColumns("pod", "node");
        foreach (var title in s_rates)
            table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var (pod, delivered) in phase.Pods.Zip(phase.Delivery.Successes.Shares))
        {
            var share = delivered.Share;
            table.AddRow(
                $"[{(pod.OnClientNode ? "green" : "default")}]{Markup.Escape(pod.Pod.Name)}[/]",
                Markup.Escape(pod.OnClientNode ? $"{pod.Pod.Node} ← client" : pod.Pod.Node),
                Rate(pod.Ok, phase),
                Invariant($"{Share(share.Estimate)} [[{Share(share.Lower)}–{Share(share.Upper)}]]"),
                Rate(pod.Failed, phase),
                Rate(pod.Echo, phase),
                Rate(pod.HubbleRequests, phase),
                Rate(pod.HubbleOk, phase),
                Rate(pod.HubbleServerErrors, phase)
            );
        }
        if (failures.Length > 0)
            table.AddRow("[red]failed[/]", $"[red]{Markup.Escape(failures)}[/]", "", "", Rate(phase.Failures, phase));
        console.Write(table);
        Line(
            console,
            "selection",
            Describe(phase.Selection, phase) + Markup.Escape($" (seen by {phase.SelectionSource})")
        );
        Line(console, "delivery", Describe(phase.Delivery.Successes, phase));
    }

    private static string Describe(Verdict verdict, PhaseReport phase)
    {
        var color = verdict.Kind switch
        {
            VerdictKind.Even => "green",
            VerdictKind.Skewed => "red",
            _ => "yellow",
        };
        return $"[{color}]{Markup.Escape(VerdictText.Describe(verdict, phase.Requests / Math.Max(phase.Seconds, 1e-9)))}[/]";
    }

    private static void WriteOnset(RunReport report, IAnsiConsole console)
    {
        foreach (var episode in report.Status.Episodes)
        {
            var onset = episode.Onset;
            var since = Invariant(
                $"delivery skewed since {onset.Best.At?.TotalSeconds ?? 0:0.0} s ({onset.DescribeEvents()})"
            );
            var alarm = Invariant($"alarm at {episode.AlarmAt.TotalSeconds:0.0} s");
            var error = Invariant($"false with probability at most {episode.ErrorProbability:0.##E+0}");
            Line(console, "onset", Markup.Escape($"{since}; {alarm}, {error}"));
        }
    }

    private static void WriteReconciliation(RunReport report, IAnsiConsole console)
    {
        if (report.Reconciles)
        {
            var counts = $"({report.Reconciliation.Length} counts, whole run)";
            Line(console, "reconciled", $"[green]client, proxies and backends agree exactly[/] {counts}");
            return;
        }
        foreach (var line in report.Reconciliation.Where(r => r.Difference != 0))
        {
            var counts = Invariant($"{line.Left} {line.LeftCount:0}, {line.Right} {line.RightCount:0}");
            var text = Invariant($"{line.What}: {counts} ({line.Difference:+0;-0})");
            Line(console, "difference", $"[red]{Markup.Escape(text)}[/]");
        }
    }

    private static void WriteExpectations(RunReport report, IAnsiConsole console)
    {
        if (report.Reproduced is not { Length: > 0 } reproduced)
            return;
        Line(console, "expectation", $"[{(report.Holds ? "green" : "red")}]{Markup.Escape(reproduced)}[/]");
        foreach (var failed in report.Expectations.Where(e => !e.Holds))
            Line(console, "expected", Markup.Escape($"{failed.What}; {failed.Observed}"));
    }

    private static void Line(IAnsiConsole console, string title, string markup) =>
        console.MarkupLine($"[bold]{title, -12}[/] {markup}");

    private static string Rate(double count, PhaseReport phase) =>
        Invariant($"{count / Math.Max(phase.Seconds, 1e-9):0.0}");

    private static string Share(double share) => double.IsNaN(share) ? "–" : Invariant($"{share * 100:0} %");
}
