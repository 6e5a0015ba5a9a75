using System.Globalization;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>The summary of a run on the console: before and after per Pod, the verdicts, the diagnosis, the reconciliation and the expectation.</summary>
public static class SummaryText
{
    /// <summary>Writes the summary.</summary>
    public static void Write(RunReport report, IAnsiConsole console)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(console);
        console.WriteLine();
        console.MarkupLine($"[bold]{Markup.Escape(report.Scenario)}[/]: {Markup.Escape(report.Title)}");
        console.MarkupLine(
            Markup.Escape(
                $"{report.RatePerSecond:0.##} requests/s on {(report.Details.KeptConnections > 0 ? F($"{report.Details.KeptConnections} kept-alive connection(s)") : "fresh connections")} from {report.ClientPod} on {report.ClientNode}"
            )
        );
        foreach (var phase in report.Phases)
            WritePhase(phase, console);
        WriteOnset(report, console);
        var color =
            report.Diagnosis.Name is "even" ? "green"
            : report.Diagnosis.Name is "unknown" ? "yellow"
            : "red";
        Line(
            console,
            "diagnosis",
            $"[{color}]{Markup.Escape(report.Diagnosis.Name)}[/]: {Markup.Escape(report.Diagnosis.Sentence)}"
        );
        foreach (var remedy in report.Diagnosis.Remedies)
            Line(console, "remedy", Markup.Escape(remedy));
        WriteReconciliation(report, console);
        WriteExpectations(report, console);
    }

    private static void WritePhase(PhaseReport phase, IAnsiConsole console)
    {
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title(
                Markup.Escape(
                    F(
                        $"{phase.Name}: {phase.Seconds:0.#} s, {phase.Requests} requests, {phase.Ok} succeeded, {phase.Failures} failed"
                    )
                )
            )
            .AddColumn("pod")
            .AddColumn("node");
        foreach (
            var title in (string[])
                ["2xx/s", "share of 2xx", "5xx/s", "echo/s", "Hubble req/s", "Hubble 2xx/s", "Hubble 5xx/s"]
        )
            table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var (pod, i) in phase.Pods.Select((p, i) => (p, i)))
        {
            var share = phase.Delivery.Successes.Shares[i].Share;
            var answered = pod.OnClientNode ? "green" : "default";
            table.AddRow(
                $"[{answered}]{Markup.Escape(pod.Pod.Name)}[/]",
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
        var nameless = phase
            .ByStatus.Where(s => s.Key is < 200 or >= 300)
            .Select(s => F($"{s.Value} × {s.Key}"))
            .Concat(phase.Unanswered.Select(u => F($"{u.Value} × {u.Key}")))
            .ToList();
        console.Write(table);
        if (nameless.Count > 0)
            Line(console, "failures", Markup.Escape(string.Join(", ", nameless)));
        Line(console, "selection", Describe(phase.Selection) + Markup.Escape($" (seen by {phase.SelectionSource})"));
        Line(console, "delivery", Describe(phase.Delivery.Successes));
    }

    /// <summary>The verdict in words; one that is too early says what is known and what a decision needs.</summary>
    private static string Describe(Verdict verdict)
    {
        var color = verdict.Kind switch
        {
            VerdictKind.Even => "green",
            VerdictKind.Skewed => "red",
            _ => "yellow",
        };
        if (verdict.ErrorProbability is null && verdict.Shares.Length > 0)
            return $"[{color}]{Markup.Escape(F($"{string.Join(", ", verdict.Shares.Select(s => Share(s.Share.Estimate)))} of {verdict.Connections} connections; no error probability, because Hubble does not tell the client's ports"))}[/]";
        if (verdict is not { Kind: VerdictKind.Undecided, ErrorProbability: not null })
            return $"[{color}]{Markup.Escape(VerdictText.Describe(verdict))}[/]";
        var known = double.IsFinite(verdict.HalfWidth)
            ? F($"shares known to ±{verdict.HalfWidth * 100:0} %")
            : "shares not known yet";
        var more = verdict.FurtherConnections is { } further
            ? F($"decision expected after {further} more requests")
            : "no decision in sight at these shares";
        return Markup.Escape($"no skew found yet, {known}, {more}").Insert(0, $"[{color}]") + "[/]";
    }

    private static void WriteOnset(RunReport report, IAnsiConsole console)
    {
        foreach (var episode in report.Status.Episodes)
            Line(
                console,
                "onset",
                Markup.Escape(
                    F(
                        $"delivery skewed since {episode.Onset.Best.At?.TotalSeconds ?? 0:0.0} s ({episode.Onset.DescribeEvents()}); alarm at {episode.AlarmAt.TotalSeconds:0.0} s, false with probability at most {episode.ErrorProbability:0.##E+0}"
                    )
                )
            );
    }

    private static void WriteReconciliation(RunReport report, IAnsiConsole console)
    {
        if (report.Reconciles)
        {
            Line(
                console,
                "reconciled",
                $"[green]client, proxies and backends agree exactly[/] ({report.Reconciliation.Length} counts, whole run)"
            );
            return;
        }
        foreach (var line in report.Reconciliation.Where(r => r.Difference != 0))
            Line(
                console,
                "difference",
                $"[red]{Markup.Escape(F($"{line.What}: {line.Left} {line.LeftCount:0}, {line.Right} {line.RightCount:0} ({line.Difference:+0;-0})"))}[/]"
            );
    }

    private static void WriteExpectations(RunReport report, IAnsiConsole console)
    {
        if (report.Holds)
            Line(
                console,
                "expectation",
                $"[green]holds[/] ({report.Expectations.Length} of {report.Expectations.Length})"
            );
        foreach (var failed in report.Expectations.Where(e => !e.Holds))
            Line(
                console,
                "expectation",
                $"[red]does not hold[/]: {Markup.Escape(failed.What)}; {Markup.Escape(failed.Observed)}"
            );
    }

    private static void Line(IAnsiConsole console, string title, string markup) =>
        console.MarkupLine($"[bold]{title, -12}[/] {markup}");

    private static string Rate(double count, PhaseReport phase) => F($"{count / Math.Max(phase.Seconds, 1e-9):0.0}");

    private static string Share(double share) => double.IsNaN(share) ? "–" : F($"{share * 100:0} %");

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
