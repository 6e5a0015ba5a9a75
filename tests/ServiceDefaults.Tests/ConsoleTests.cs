using System.Diagnostics;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.ServiceDefaults.Tests;

public sealed class ConsoleTests
{
    [Theory]
    [InlineData("/tmp/cilium-debugging-x/kubeconfig")]
    [InlineData("/tmp/a b/$(touch pwned)/`id`/kubeconfig")]
    [InlineData("/tmp/it's/\"quoted\"/*")]
    [InlineData("/tmp/line\nbreak;id\u001b[2J/\\n'")]
    [InlineData("")]
    [InlineData("~/#&|<>!{a,b}ä")]
    public async Task Text_to_paste_into_a_shell_is_one_word_whatever_it_contains(string text)
    {
        var quoted = ShellText.Quote(text);

        quoted.ShouldNotContain("\n");
        quoted.ShouldNotContain("\u001b");
        using var shell = Process.Start(
            new ProcessStartInfo("bash", ["-c", $"printf '<%s>' {quoted}"]) { RedirectStandardOutput = true }
        )!;
        (await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe($"<{text}>");
    }

    [Fact]
    public void A_plain_path_is_not_quoted() =>
        ShellText.Quote("/tmp/lab-1/kubeconfig").ShouldBe("/tmp/lab-1/kubeconfig");

    [Fact]
    public void A_console_that_is_gone_does_not_end_the_program()
    {
        // Not disposed: that fails, too.
        var full = new StreamWriter("/dev/full") { AutoFlush = true };
        Should.Throw<IOException>(() => full.WriteLine("lost"));

        var lasting = LastingConsole.Around(full);
        lasting.WriteLine("lost");
        lasting.Write("lost {0}", 1);
        lasting.Write('x');
        lasting.Flush();
        lasting.Failure.ShouldBeOfType<IOException>();
    }
}
