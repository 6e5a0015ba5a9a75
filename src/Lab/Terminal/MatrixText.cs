using System.Globalization;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Releases;
using CiliumDebugging.Statistics;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>The run of one release.</summary>
/// <param name="Release">The release.</param>
/// <param name="Report">The run; null: there was none.</param>
/// <param name="Problem">Why there was none.</param>
public sealed record MatrixRow(CiliumVersion Release, RunReport? Report, string? Problem)
{
    /// <summary>The verdict on delivery at the end, as the summary of the run says it; null: there was no run or no
    /// request.</summary>
    public VerdictKind? Delivery => Report is { } report ? RunStatus.Of(report, LiveSample.None).Verdict?.Kind : null;

    /// <summary>Whether delivery was skewed at the end; null: not known.</summary>
    public bool? Skewed =>
        Delivery switch
        {
            VerdictKind.Skewed => true,
            VerdictKind.Even => false,
            _ => null,
        };

    /// <summary>Whether requests failed in the run; null: not known.</summary>
    public bool? Fails => Report is { } report ? report.Totals.Failures > 0 : null;

    /// <summary>Whether the run is complete, and the machine kept up with it.</summary>
    internal static bool IsConcluded(RunReport report) => report is { EndedEarly: null, MachineGate: null };
}

/// <summary>A matrix of runs on the console: a row for each release, and where behaviour changes.</summary>
public static class MatrixText
{
    public static void Write(Scenario scenario, IReadOnlyList<MatrixRow> rows, IAnsiConsole console)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(console);
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title(Markup.Escape($"{scenario.Name}: last phase, by release of Cilium"))
            .AddColumns("Cilium", "delivery", "busiest pod", "failed", "diagnosis", "result", "evidence");
        var summary = MatrixSummary.Of(scenario, rows);
        foreach (var run in summary.Releases)
            table.AddRow(Cells(run));
        if (summary.IsEmulated)
            console.WriteLine("Emulated: models Cilium on the embedded cluster, not a measurement of Cilium");
        console.Write(table);
        foreach (var change in summary.Changes)
            console.WriteLine(change);
        if (rows.Any(r => r.Report?.Evidence is ReleaseEvidence.Predicted))
            console.WriteLine("predicted: what the model says of this release; no source reports or confirms it");
    }

    private static string[] Cells(MatrixSummary.Run run)
    {
        if (run.Problem is { } problem)
            return [run.Release, "not run", "", "", Markup.Escape(problem), "", ""];
        var delivery = run.Delivery switch
        {
            VerdictKind.Skewed => "[red]skewed[/]",
            VerdictKind.Even => "[green]even[/]",
            _ => "no skew found",
        };
        return
        [
            run.Release,
            delivery,
            run.BusiestShare is { } share
                ? Percent(share) + (run.BusiestOnClientNode == true ? " (client's node)" : "")
                : "–",
            Percent(run.FailedShare ?? 0)
                + (run is { FailedShare: 0, FailedShareOfRun: > 0 and var all } ? $" ({Percent(all)} of the run)" : ""),
            Markup.Escape(run.Diagnosis ?? ""),
            run.IsReproduced switch
            {
                true => "reproduced",
                false => "not reproduced",
                _ => "not known",
            },
            run.Evidence ?? "",
        ];
    }

    /// <summary>The neighbouring releases between which behaviour changes: where to bisect next.</summary>
    internal static IEnumerable<string> Changes(IEnumerable<MatrixRow> rows)
    {
        var known = rows.Where(r => r.Report is { } report && MatrixRow.IsConcluded(report))
            .OrderBy(r => r.Release)
            .ToList();
        foreach (var (last, row) in known.Zip(known.Skip(1)))
            if (last.Fails != row.Fails || (last.Skewed is { } a && row.Skewed is { } b && a != b))
                yield return $"changes between {last.Release} ({Behaviour(last)}) and {row.Release} ({Behaviour(row)})";
    }

    private static string Behaviour(MatrixRow row)
    {
        var delivery = row.Skewed switch
        {
            true => "skewed",
            false => "even",
            _ => "no skew found",
        };
        return $"{delivery}, {(row.Fails == true ? "requests fail" : "no request fails")}";
    }

    private static string Percent(double part) => string.Create(CultureInfo.InvariantCulture, $"{100 * part:0} %");
}
