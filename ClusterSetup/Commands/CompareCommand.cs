using System.CommandLine;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.Measurement.Reports.Compare;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.ServiceDefaults;
using Spectre.Console;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>compare A B</c>: two saved runs, for example before and after an upgrade.</summary>
public static class CompareCommand
{
    private static readonly Argument<string> s_before = AttackCommands.OfFile(
        new Argument<string>("before") { Description = "A report.json, or the folder of a run" }
    );
    private static readonly Argument<string> s_after = AttackCommands.OfFile(
        new Argument<string>("after") { Description = "Another one" }
    );
    private static readonly Option<bool> s_exitCode = new("--exit-code")
    {
        Description = $"Exit with {(int)ExitCode.NotReproduced} when a success rate, share or latency changed",
    };

    public static Command Build()
    {
        var command = new Command(
            "compare",
            "Says which success rates, shares and latencies changed between two saved runs"
        )
        {
            s_before,
            s_after,
            s_exitCode,
        };
        command.SetAction(parsed =>
            Run(
                parsed.GetRequiredValue(s_before),
                parsed.GetRequiredValue(s_after),
                parsed.GetValue(s_exitCode),
                AnsiConsole.Console
            )
        );
        return command;
    }

    internal static int Run(string before, string after, bool exitCode, IAnsiConsole console)
    {
        try
        {
            var comparison = Comparison.Of(ReportJson.ReadFile(before), ReportJson.ReadFile(after));
            Write(comparison, console);
            return (int)(exitCode && comparison.Changed ? ExitCode.NotReproduced : ExitCode.Success);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return AttackCommands.WriteProblems([e.Message]);
        }
    }

    private static void Write(Comparison comparison, IAnsiConsole console)
    {
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = 200;
        console.WriteLine(comparison.Summary);
        foreach (var difference in comparison.Differences)
            console.WriteLine(difference);
        var table = new Table()
            .Border(TableBorder.Rounded)
            .AddColumn("phase")
            .AddColumn("quantity")
            .AddColumn("before")
            .AddColumn("after")
            .AddColumn("difference")
            .AddColumn("changed");
        foreach (var q in comparison.Quantities)
        {
            var changed = q.Change switch
            {
                Change.Higher => "[yellow]higher[/]",
                Change.Lower => "[yellow]lower[/]",
                Change.NoErrorProbability => "no error bound",
                _ => "not shown",
            };
            table.AddRow(
                Markup.Escape(q.Phase),
                Markup.Escape(q.What),
                Cell(q.Before, q.Unit),
                Cell(q.After, q.Unit),
                Cell(q.Difference, q.Unit),
                changed
            );
        }
        console.Write(table);
        foreach (var line in comparison.Unmatched)
            console.WriteLine(line);
        console.WriteLine(
            "A change is claimed where the two intervals do not overlap. "
                + Md.F(
                    $"Each claim is wrong with probability at most {2 * Comparison.IntervalErrorProbability:0.##E+0}. "
                )
                + "For latencies this holds only if requests are independent of each other "
                + "(on a busy machine they are not)."
        );
    }

    private static string Cell(IntervalInfo interval, string unit)
    {
        var estimate = interval.Estimate is { } e ? Md.F($"{e:0.#} {unit}") : "–";
        return Markup.Escape(Md.F($"{estimate} [{interval.Lower:0.#}, {interval.Upper:0.#}]"));
    }
}
