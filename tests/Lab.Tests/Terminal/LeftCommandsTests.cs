using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Testing;
using Spectre.Console;

namespace CiliumDebugging.Lab.Tests.Terminal;

/// <summary>The commands that put back what a run could not: whole, and visible after it.</summary>
public sealed class LeftCommandsTests
{
    private static readonly string s_command =
        $"kubectl replace -f - <<'EOF'\n{{\"a\": \"{new string('x', 500)} {new string('y', 500)}\"}}\nEOF";

    [Fact]
    public void A_plain_terminal_does_not_break_them()
    {
        var (console, text) = Console(AnsiSupport.No);
        ((IRunListener)new PlainTerminal(console)).OnLeft(s_command);
        text.ToString().ShouldContain(s_command);
    }

    [Fact]
    public async Task A_live_terminal_shows_them_after_the_run_also_when_it_failed()
    {
        var (console, text) = Console(AnsiSupport.Yes);
        var live = new LiveTerminal(console);
        var run = live.RunAsync<int>(() =>
        {
            live.OnLeft(s_command);
            live.OnStep("the next step");
            throw new TimeoutException("the run failed");
        });
        await Should.ThrowAsync<TimeoutException>(() => run);
        text.ToString().TrimEnd().ShouldEndWith(s_command);
    }

    [Fact]
    public void A_run_that_left_the_cluster_changed_is_no_success() =>
        RunFiles
            .ExitCodeOf(
                SampleRun.Create() with
                {
                    Expectations = [],
                },
                new SavedFiles("report", "folder") { IsRestored = false }
            )
            .ShouldBe(ExitCode.Failed);

    private static (IAnsiConsole Console, StringWriter Text) Console(AnsiSupport ansi)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = ansi, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 200;
        return (console.WithCleanText(), text);
    }
}
