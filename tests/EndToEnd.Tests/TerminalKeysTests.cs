using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>The lab on a terminal, which is a pseudo-terminal here: keys that are pressed, and what they do.</summary>
[Collection(LabsOfTheirOwn.Name)]
public sealed partial class TerminalKeysTests : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("terminal-").FullName;
    private readonly StringBuilder _screen = new();
    private readonly SemaphoreSlim _written = new(0);
    private Process? _process;
    private int _pressed;
    private Task _reading = Task.CompletedTask;

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && File.Exists("/usr/bin/script"),
            "needs a pseudo-terminal: Linux with script (util-linux)"
        );
        var lab =
            $"stty rows 45 cols 170; exec dotnet exec '{Path.Combine(AppContext.BaseDirectory, "AppHost.dll")}' --by-hand";
        _process = Process.Start(
            new ProcessStartInfo("script", ["-qfec", lab, "/dev/null"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                WorkingDirectory = _folder,
            }
        )!;
        _reading = ReadAsync(_process.StandardOutput);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_footer_shows_the_keys_and_each_does_what_it_says()
    {
        await SeeAsync(["ok/s"]); // the Pods, with the keys below them
        await SeeAsync(["1 remove backend 2 apply load-test d delete pod"]);
        await PressAsync('?', ["[1] remove"]);
        foreach (
            var key in (string[])
                [
                    "[1] remove backend-policy.yaml",
                    "[2] apply load-test-policy.yaml",
                    "[d] delete pod backend-1-",
                    "[x] stop",
                    "[n] run ",
                    "[w] write report",
                    "[p] page",
                    "[q] quit",
                ]
        )
            await SeeAsync([key]);

        await PressAsync('2', ["load-test-policy.yaml was applied"]);
        await SeeAsync(["[2] remove load-test-policy.yaml"], _pressed);
        await PressAsync('2', ["load-test-policy.yaml was deleted"]);
        await SeeAsync(["[2] apply load-test-policy.yaml"], _pressed);
        // The answer, which names the Pod: "was deleted" alone is still there from the policy.
        var pod = DeletedPod().Match(Screen(_pressed)).Groups["name"].Value;
        await PressAsync('d', [$"pod {pod} was deleted ["]);
        // On a machine without time to spare there may be nothing counted yet in the new Pod's phase; then the
        // answer is to try again.
        const string Written = "report.html (also report.md, report.json, junit.xml)",
            Again = "try again in a moment";
        var limit = Stopwatch.StartNew();
        while (await PressAsync('w', [Written, Again]) == Again && limit.Elapsed < s_limit)
            // So long that the answer to the last key is not taken for that to the next one.
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Directory.EnumerateFiles(_folder, "report.html", SearchOption.AllDirectories).ShouldNotBeEmpty();

        await PressAsync('q', []);
        await _process!
            .WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(s_limit, TestContext.Current.CancellationToken);
        _process.ExitCode.ShouldBe(130, Screen(0));
        Screen(0).ShouldNotContain("   at ");
    }

    /// <summary>Presses a key and waits until the screen says, after that, one of the texts.</summary>
    private async Task<string?> PressAsync(char key, string[] then)
    {
        lock (_screen)
            _pressed = _screen.Length;
        await _process!.StandardInput.WriteAsync(key);
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        return then.Length == 0 ? null : await SeeAsync(then, _pressed);
    }

    /// <summary>Waits until the screen says one of the texts; gives the first.</summary>
    private async Task<string> SeeAsync(string[] texts, int since = 0)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(s_limit);
        try
        {
            while (true)
            {
                var screen = Screen(since);
                if (texts.FirstOrDefault(t => screen.Contains(t, StringComparison.Ordinal)) is { } seen)
                    return seen;
                await _written.WaitAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"the screen does not say '{string.Join("' or '", texts)}' within {s_limit.TotalSeconds} s; it said\n{Screen(since)}"
            );
        }
    }

    /// <summary>
    /// What was written from a position on, as text: without colours and cursor movements, lines that were broken for
    /// their width joined.
    /// </summary>
    private string Screen(int since)
    {
        lock (_screen)
            return Spaces().Replace(Escapes().Replace(_screen.ToString(since, _screen.Length - since), ""), " ");
    }

    private async Task ReadAsync(StreamReader output)
    {
        var buffer = new char[4096];
        while (await output.ReadAsync(buffer) is > 0 and var read)
        {
            lock (_screen)
                _screen.Append(buffer, 0, read);
            _written.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            _process.Kill(entireProcessTree: true);
        await _reading;
        _process?.Dispose();
        _written.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escapes();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\[d\] delete pod (?<name>\S+)", RegexOptions.RightToLeft)]
    private static partial Regex DeletedPod();
}
