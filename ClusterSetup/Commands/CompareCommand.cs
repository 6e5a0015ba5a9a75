using System.CommandLine;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.Measurement.Reports.Compare;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.ServiceDefaults;
using Spectre.Console;
using static System.FormattableString;

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

    private static readonly Option<bool> s_verbose = new("--verbose")
    {
        Description = "Print every quantity, not only what changed",
    };
    private static readonly Option<string> s_format = FormatOption.Create();

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
            s_verbose,
            s_format,
        };
        command.SetAction(parsed =>
            Run(
                parsed.GetRequiredValue(s_before),
                parsed.GetRequiredValue(s_after),
                parsed.GetValue(s_exitCode),
                RunTerminal.Open(),
                parsed.GetValue(s_verbose),
                parsed.IsJson(s_format)
            )
        );
        return command;
    }

    internal static int Run(
        string before,
        string after,
        bool exitCode,
        IAnsiConsole console,
        bool verbose = false,
        bool json = false
    )
    {
        try
        {
            var comparison = Comparison.Of(ReportJson.ReadFile(before), ReportJson.ReadFile(after));
            if (json)
                FormatOption.WriteJson(comparison, console.Profile.Out.Writer);
            else
                Write(comparison, console, verbose);
            return (int)(exitCode && comparison.Changed ? ExitCode.NotReproduced : ExitCode.Success);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return AttackCommands.WriteProblems([e.Message]);
        }
    }

    private static void Write(Comparison comparison, IAnsiConsole console, bool verbose)
    {
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = 200;
        foreach (var notice in comparison.Notices)
            console.WriteLine(notice);
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
        // What changed comes first; the rest is for those who ask.
        ComparedQuantity[] shown =
        [
            .. comparison
                .Quantities.Where(q => verbose || q.Change.IsClaimed())
                .OrderByDescending(q => q.Change.IsClaimed()),
        ];
        foreach (var q in shown)
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
        if (shown.Length > 0)
            console.Write(table);
        if (comparison.Quantities.Length > shown.Length)
            console.WriteLine(
                $"{comparison.Quantities.Length - shown.Length} quantities without a change are left out (--verbose)"
            );
        foreach (var line in comparison.Unmatched)
            console.WriteLine(line);
        console.WriteLine(
            "A change is claimed where the two intervals do not overlap. "
                + Invariant(
                    $"Each claim is wrong with probability at most {2 * Comparison.IntervalErrorProbability:0.##E+0}. "
                )
                + "For latencies, and for success rates of several phases together, this holds only if requests are independent of each other "
                + "(on a busy machine they are not)."
        );
    }

    private static string Cell(IntervalInfo interval, string unit)
    {
        var estimate = interval.Estimate is { } e ? Invariant($"{e:0.#} {unit}") : "–";
        return Markup.Escape(Invariant($"{estimate} [{interval.Lower:0.#}, {interval.Upper:0.#}]"));
    }
}
