using System.Globalization;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>The run of one release.</summary>
/// <param name="Release">The release.</param>
/// <param name="Report">The run; null: there was none.</param>
/// <param name="Problem">Why there was none.</param>
public sealed record MatrixRow(CiliumVersion Release, RunReport? Report, string? Problem)
{
    /// <summary>Whether delivery was skewed in the last phase; null: not known.</summary>
    public bool? Skewed =>
        Report?.Latest.Delivery.Successes.Kind switch
        {
            VerdictKind.Skewed => true,
            VerdictKind.Even => false,
            _ => null,
        };

    /// <summary>Whether requests failed in the last phase; null: not known.</summary>
    public bool? Fails => Report is { } report ? report.Latest.Failures > 0 : null;
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
        foreach (var row in rows)
            table.AddRow(Cells(row));
        if (rows.Any(r => r.Report is { Details.Cluster.IsEmulated: true }))
            console.WriteLine("Emulated: models Cilium on the embedded cluster, not a measurement of Cilium");
        console.Write(table);
        foreach (var change in Changes(rows))
            console.WriteLine(change);
        if (rows.Any(r => r.Report?.Evidence is ReleaseEvidence.Predicted))
            console.WriteLine("predicted: what the model says of this release; no source reports or confirms it");
    }

    private static string[] Cells(MatrixRow row)
    {
        if (row.Report is not { } report)
            return [row.Release.ToString(), "not run", "", "", Markup.Escape(row.Problem ?? ""), "", ""];
        var phase = report.Latest;
        var busiest = phase.Ok == 0 ? null : phase.Pods.MaxBy(p => p.Ok);
        var delivery = row.Skewed switch
        {
            true => "[red]skewed[/]",
            false => "[green]even[/]",
            _ => "no skew found",
        };
        return
        [
            row.Release.ToString(),
            delivery,
            busiest is null ? "–" : Percent(busiest.Ok, phase.Ok) + (busiest.OnClientNode ? " (client's node)" : ""),
            Percent(phase.Failures, Math.Max(phase.Requests, 1)),
            Markup.Escape(report.Diagnosis.Name),
            report.Holds ? "reproduced" : "not reproduced",
            // A real cluster shows its own behaviour.
            report.Evidence?.ToString().ToLowerInvariant()
                ?? "measured",
        ];
    }

    /// <summary>The neighbouring releases between which behaviour changes: where to bisect next.</summary>
    internal static IEnumerable<string> Changes(IEnumerable<MatrixRow> rows)
    {
        var known = rows.Where(r => r.Report is not null).OrderBy(r => r.Release).ToList();
        foreach (var (last, row) in known.Zip(known.Skip(1)))
        {
            var (before, after) = (Behaviour(last), Behaviour(row));
            if (before != after)
                yield return $"changes between {last.Release} ({before}) and {row.Release} ({after})";
        }
    }

    private static string Behaviour(MatrixRow row)
    {
        var delivery = row.Skewed == true ? "skewed" : "not skewed";
        return $"{delivery}, {(row.Fails == true ? "requests fail" : "no request fails")}";
    }

    private static string Percent(long part, long whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / whole:0} %");
}
