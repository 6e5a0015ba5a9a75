using CiliumDebugging.Lab.Running;
using CiliumDebugging.Measurement.Runs;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>Shows a run: live on a terminal, otherwise line by line.</summary>
public static class RunTerminal
{
    /// <summary>Wide enough for the tables of a report in files and CI logs, in columns.</summary>
    private const int FileWidth = 200;

    /// <summary>This process's console.</summary>
    public static IAnsiConsole Open()
    {
        var console = AnsiConsole.Console;
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = FileWidth;
        return console;
    }

    /// <summary>Shows a run while it reports to the given listener.</summary>
    public static async Task<RunReport> RunAsync(IAnsiConsole console, Func<IRunListener, Task<RunReport>> run)
    {
        ArgumentNullException.ThrowIfNull(console);
        ArgumentNullException.ThrowIfNull(run);
        if (!console.Profile.Out.IsTerminal)
            return await run(new PlainTerminal(console));
        var live = new LiveTerminal(console);
        return await live.RunAsync(() => run(live));
    }
}
