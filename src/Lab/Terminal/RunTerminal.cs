using CiliumDebugging.Lab.Running;
using CiliumDebugging.Measurement.Runs;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>Shows a run: live on a terminal, line by line elsewhere.</summary>
public static class RunTerminal
{
    /// <summary>A report is read in files and CI logs: wrapped at 80 columns its tables would be torn apart.</summary>
    private const int FileWidth = 200;

    /// <summary>This process's console.</summary>
    public static IAnsiConsole Open()
    {
        var console = AnsiConsole.Console;
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = FileWidth;
        return console;
    }

    /// <summary>Runs something that reports to an observer.</summary>
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
