using CiliumDebugging.Lab.Terminal;
using Spectre.Console;

namespace CiliumDebugging.Lab.Tests.Terminal;

public sealed class CleanTextTests
{
    [Fact]
    public void Names_of_others_do_not_control_the_terminal_and_colours_stay()
    {
        using var text = new StringWriter();
        var console = AnsiConsole
            .Create(
                new AnsiConsoleSettings
                {
                    Ansi = AnsiSupport.Yes,
                    ColorSystem = ColorSystemSupport.Standard,
                    Out = new AnsiConsoleOutput(text),
                }
            )
            .WithCleanText();
        var table = new Table().AddColumn("pod");
        table.AddRow(Markup.Escape("a\u001b]0;title\u0007b"));
        console.Write(table);
        console.WriteLine("c\u001b[2J\u202Ed");
        console.WriteUnbroken("e\u009b2Jf");
        console.MarkupLine("[red]g[/]");

        text.ToString().ShouldContain("a ]0;title b");
        text.ToString().ShouldContain("c [2J d");
        text.ToString().ShouldContain("e 2Jf");
        text.ToString().ShouldMatch(@"\u001b\[[0-9;]+mg\u001b\[0m");
        text.ToString().ShouldNotContain('\u0007');
        text.ToString().ShouldNotContain('\u202E');
    }
}
