using System.Globalization;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>
/// The summary of a run on the console: counts per Pod and phase, verdicts, diagnosis, reconciliation and expectations.
/// </summary>
public static class SummaryText
{
    private static readonly string[] s_rates =
    [
        "2xx/s",
        "share of 2xx",
        "5xx/s",
        "echo/s",
        "Hubble req/s",
        "Hubble 2xx/s",
        "Hubble 5xx/s",
    ];

    /// <summary>Writes the summary.</summary>
    public static void Write(RunReport report, IAnsiConsole console)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(console);
        var kept = report.Details.KeptConnections;
        var connections = kept > 0 ? F($"{kept} kept-alive connection(s)") : "fresh connections";
        var client = $"from {report.ClientPod} on {report.ClientNode}";
        console.WriteLine();
        console.MarkupLine($"[bold]{Markup.Escape(report.Scenario)}[/]: {Markup.Escape(report.Title)}");
        console.MarkupLine(Markup.Escape(F($"{report.RatePerSecond:0.##} requests/s on {connections} {client}")));
        foreach (var phase in report.Phases)
            WritePhase(phase, console);
        WriteOnset(report, console);
        var color = report.Diagnosis.Name switch
        {
            "even" => "green",
            DiagnosisResult.UndecidedName or "unknown" => "yellow",
            _ => "red",
        };
        var (name, sentence) = (Markup.Escape(report.Diagnosis.Name), Markup.Escape(report.Diagnosis.Sentence));
        Line(console, "diagnosis", $"[{color}]{name}[/]: {sentence}");
        foreach (var remedy in report.Diagnosis.Remedies)
            Line(console, "remedy", Markup.Escape(remedy));
        WriteReconciliation(report, console);
        WriteExpectations(report, console);
    }

    private static void WritePhase(PhaseReport phase, IAnsiConsole console)
    {
        var counts = F($"{phase.Requests} requests, {phase.Ok} succeeded, {phase.Failures} failed");
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title(Markup.Escape(F($"{phase.Name}: {phase.Seconds:0.#} s, {counts}")))
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
                F($"{Share(share.Estimate)} [[{Share(share.Lower)}–{Share(share.Upper)}]]"),
                Rate(pod.Failed, phase),
                Rate(pod.Echo, phase),
                Rate(pod.HubbleRequests, phase),
                Rate(pod.HubbleOk, phase),
                Rate(pod.HubbleServerErrors, phase)
            );
        }
        var failures = phase
            .ByStatus.Where(s => s.Key is < 200 or >= 300)
            .Select(s => F($"{s.Value} × {s.Key}"))
            .Concat(phase.Unanswered.Select(u => F($"{u.Value} × {u.Key}")))
            .ToList();
        console.Write(table);
        if (failures.Count > 0)
            Line(console, "failures", Markup.Escape(string.Join(", ", failures)));
        Line(
            console,
            "selection",
            Describe(phase.Selection, phase) + Markup.Escape($" (seen by {phase.SelectionSource})")
        );
        Line(console, "delivery", Describe(phase.Delivery.Successes, phase));
    }

    /// <summary>The verdict in words; an undecided one says what is known and what a decision needs.</summary>
    private static string Describe(Verdict verdict, PhaseReport phase)
    {
        var color = verdict.Kind switch
        {
            VerdictKind.Even => "green",
            VerdictKind.Skewed => "red",
            _ => "yellow",
        };
        return $"[{color}]{Markup.Escape(Words(verdict, phase))}[/]";
    }

    private static string Words(Verdict verdict, PhaseReport phase)
    {
        if (verdict.Connections > 0 && verdict.Connections == verdict.Unattributed)
            return F($"unknown: none of {verdict.Connections} {VerdictText.Noun(verdict)} names a pod");
        if (VerdictText.NoErrorBound(verdict) is { } reason && verdict.Connections > 0)
        {
            var shares = string.Join(", ", verdict.Shares.Select(s => Share(s.Share.Estimate)));
            return F($"{shares} of {verdict.Connections} {VerdictText.Noun(verdict)}; {reason}");
        }
        if (verdict is not { Kind: VerdictKind.Undecided, ErrorProbability: not null })
            return VerdictText.Describe(verdict);
        var known = double.IsFinite(verdict.HalfWidth)
            ? F($"shares known to ±{verdict.HalfWidth * 100:0} %")
            : "shares not known yet";
        var perSecond = phase.Requests / Math.Max(phase.Seconds, 1e-9);
        var more =
            verdict.FurtherConnections is { } further && perSecond > 0
                ? F($"about {further / perSecond / 60:0.#} min more at {perSecond:0.#}/s to decide")
                : "no decision in sight at these shares";
        return $"no skew found yet, {known}, {more}";
    }

    private static void WriteOnset(RunReport report, IAnsiConsole console)
    {
        foreach (var episode in report.Status.Episodes)
        {
            var onset = episode.Onset;
            var since = F($"delivery skewed since {onset.Best.At?.TotalSeconds ?? 0:0.0} s ({onset.DescribeEvents()})");
            var alarm = F($"alarm at {episode.AlarmAt.TotalSeconds:0.0} s");
            var error = F($"false with probability at most {episode.ErrorProbability:0.##E+0}");
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
            var counts = F($"{line.Left} {line.LeftCount:0}, {line.Right} {line.RightCount:0}");
            var text = F($"{line.What}: {counts} ({line.Difference:+0;-0})");
            Line(console, "difference", $"[red]{Markup.Escape(text)}[/]");
        }
    }

    private static void WriteExpectations(RunReport report, IAnsiConsole console)
    {
        var checks = report.Expectations;
        if (report.Holds)
            Line(
                console,
                "expectation",
                $"[green]reproduced as expected[/] ({checks.Length} of {checks.Length} checks)"
            );
        foreach (var failed in checks.Where(e => !e.Holds))
        {
            var text = Markup.Escape($"{failed.What}; {failed.Observed}");
            Line(console, "expectation", $"[red]not reproduced[/]: {text}");
        }
    }

    private static void Line(IAnsiConsole console, string title, string markup) =>
        console.MarkupLine($"[bold]{title, -12}[/] {markup}");

    private static string Rate(double count, PhaseReport phase) => F($"{count / Math.Max(phase.Seconds, 1e-9):0.0}");

    private static string Share(double share) => double.IsNaN(share) ? "–" : F($"{share * 100:0} %");

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
