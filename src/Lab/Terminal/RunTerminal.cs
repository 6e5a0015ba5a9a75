using CiliumDebugging.Lab.Running;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults.Processes;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>Shows a run: live on a terminal, otherwise line by line.</summary>
public static class RunTerminal
{
    /// <summary>Wide enough for the tables of a report in files and CI logs, in columns.</summary>
    private const int FileWidth = 200;

    private static readonly CleanText s_clean = new();

    /// <summary>This process's console.</summary>
    /// <param name="instead">Where else to write, without a live table; null: standard output.</param>
    public static IAnsiConsole Open(TextWriter? instead = null)
    {
        var console = instead is null
            ? AnsiConsole.Console
            : AnsiConsole.Create(
                new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(instead) }
            );
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = FileWidth;
        return console.WithCleanText();
    }

    /// <summary>The same console, whose text no longer controls the terminal.</summary>
    public static IAnsiConsole WithCleanText(this IAnsiConsole console)
    {
        ArgumentNullException.ThrowIfNull(console);
        console.Pipeline.Attach(s_clean);
        return console;
    }

    /// <summary>
    /// Writes a line as it is: a link or a path that is wider than the terminal is not broken by a new line.
    /// </summary>
    public static void WriteUnbroken(this IAnsiConsole console, string line)
    {
        ArgumentNullException.ThrowIfNull(console);
        console.Profile.Out.Writer.WriteLine(TerminalText.Clean(line));
        console.Profile.Out.Writer.Flush();
    }

    /// <summary>Shows a run while it reports to the given listener.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="run">The run.</param>
    /// <param name="verbose">Whether the summary has all counts.</param>
    public static async Task<RunReport> RunAsync(
        IAnsiConsole console,
        Func<IRunListener, Task<RunReport>> run,
        bool verbose = false
    )
    {
        ArgumentNullException.ThrowIfNull(console);
        ArgumentNullException.ThrowIfNull(run);
        if (!console.Profile.Out.IsTerminal)
            return await run(new PlainTerminal(console) { Verbose = verbose });
        var live = new LiveTerminal(console) { Verbose = verbose };
        return await live.RunAsync(() => run(live));
    }
}
