using CiliumDebugging.AppHost.Terminal;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using Spectre.Console;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>A lab that is shown: its controller, and where the user sees and controls it.</summary>
/// <param name="Controller">Runs scenarios and carries out commands.</param>
/// <param name="Page">The live page.</param>
/// <param name="Console">The terminal, or where standard output is redirected to.</param>
/// <param name="Quit">Ends the application as Ctrl-C does.</param>
internal sealed record OpenLab(LabController Controller, PageServer Page, IAnsiConsole Console, Action Quit)
{
    /// <summary>Whether summaries have every count.</summary>
    public bool Verbose { get; init; }

    public bool IsTerminal => Console.Profile.Out.IsTerminal;

    /// <summary>Begins to read keys; null where there is no terminal to read from.</summary>
    public TerminalKeys? StartKeys() => TerminalKeys.Start(Controller, Page.Link, Quit, IsTerminal);
}
