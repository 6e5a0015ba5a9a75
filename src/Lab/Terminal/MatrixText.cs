using System.Globalization;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>A release's run.</summary>
/// <param name="Release">The release.</param>
/// <param name="Report">The run; null: there was none.</param>
/// <param name="Problem">Why there was none.</param>
public sealed record MatrixRow(CiliumVersion Release, RunReport? Report, string? Problem)
{
    /// <summary>Whether delivery was skewed in the last phase; null: not known.</summary>
    public bool? Skewed =>
        Report?.Phases[^1].Delivery.Successes.Kind switch
        {
            VerdictKind.Skewed => true,
            VerdictKind.Even => false,
            _ => null,
        };

    /// <summary>Whether requests failed in the last phase; null: not known.</summary>
    public bool? Fails => Report is { } report ? report.Phases[^1].Failures > 0 : null;
}

/// <summary>A matrix of runs on the console: a row for each release, and where behaviour changes.</summary>
public static class MatrixText
{
    /// <summary>Writes it.</summary>
    public static void Write(Scenario scenario, IReadOnlyList<MatrixRow> rows, IAnsiConsole console)
    {
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title(Markup.Escape($"{scenario.Name}: last phase, by release of Cilium"))
            .AddColumns("Cilium", "delivery", "busiest pod", "failed", "diagnosis", "expectation");
        foreach (var row in rows)
        {
            if (row.Report is not { } report)
            {
                table.AddRow(row.Release.ToString(), "not run", "", "", Markup.Escape(row.Problem ?? ""), "");
                continue;
            }
            var phase = report.Phases[^1];
            var busiest = phase.Pods.MaxBy(p => p.Ok);
            var share =
                phase.Ok == 0 || busiest is null
                    ? "–"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{100.0 * busiest.Ok / phase.Ok:0} %{(busiest.OnClientNode ? " (client's node)" : "")}"
                    );
            table.AddRow(
                row.Release.ToString(),
                row.Skewed switch
                {
                    true => "[red]skewed[/]",
                    false => "[green]even[/]",
                    _ => "no skew found",
                },
                share,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{100.0 * phase.Failures / Math.Max(phase.Requests, 1):0} %"
                ),
                Markup.Escape(report.Diagnosis.Name),
                report.Holds ? "holds" : "does not hold"
            );
        }
        console.Write(table);
        foreach (var change in Changes(rows))
            console.WriteLine(change);
    }

    /// <summary>The neighbours in the order of releases between which behaviour changes: where one bisects next.</summary>
    internal static IEnumerable<string> Changes(IEnumerable<MatrixRow> rows)
    {
        MatrixRow? last = null;
        foreach (var row in rows.Where(r => r.Report is not null).OrderBy(r => r.Release))
        {
            if (last is not null && Behaviour(last) is var before && Behaviour(row) is var after && before != after)
                yield return $"changes between {last.Release} ({before}) and {row.Release} ({after})";
            last = row;
        }
    }

    private static string Behaviour(MatrixRow row) =>
        $"{(row.Skewed == true ? "skewed" : "not skewed")}, {(row.Fails == true ? "requests fail" : "no request fails")}";
}
