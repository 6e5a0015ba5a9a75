using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>The Aspire CLI on this application. It is a tool of this repository.</summary>
internal static class AspireCli
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    /// <summary>Makes the CLI available.</summary>
    public static async Task RestoreAsync()
    {
        using var restore = Process.Start(
            new ProcessStartInfo("dotnet", ["tool", "restore"])
            {
                WorkingDirectory = Repository.Root,
                RedirectStandardOutput = true,
            }
        )!;
        await restore.StandardOutput.ReadToEndAsync();
        await restore.WaitForExitAsync();
        restore.ExitCode.ShouldBe(0);
    }

    /// <summary>Runs a command of the CLI, which must succeed.</summary>
    public static Task<string> RunAsync(params string[] arguments) => RunAsync(temporary: null, arguments);

    /// <summary>Runs a command of the CLI with a folder of its own for temporary files; it must succeed.</summary>
    public static async Task<string> RunAsync(DirectoryInfo? temporary, params string[] arguments)
    {
        var (code, output) = await EndAsync(Start(temporary, arguments));
        code.ShouldBe(0, $"aspire {string.Join(' ', arguments)}\n{output}");
        return output;
    }

    /// <summary>Runs a command of the CLI to its end.</summary>
    public static Task<(int ExitCode, string Output)> TryAsync(params string[] arguments) =>
        EndAsync(Start(temporary: null, arguments));

    private static async Task<(int ExitCode, string Output)> EndAsync(Process command)
    {
        using var process = command;
        using var deadline = new CancellationTokenSource(s_limit);
        var (output, errors) = (
            process.StandardOutput.ReadToEndAsync(deadline.Token),
            process.StandardError.ReadToEndAsync(deadline.Token)
        );
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, process.ExitCode == 0 ? await output : await output + await errors);
    }

    /// <summary>
    /// Starts a command of the CLI as a terminal does: in its own process group, which <see cref="InterruptAsync"/>
    /// signals as Ctrl-C does.
    /// </summary>
    /// <param name="temporary">Folder for temporary files; null: this process's.</param>
    /// <param name="arguments">The command with its arguments.</param>
    public static Process Start(DirectoryInfo? temporary, params string[] arguments)
    {
        var split = Array.IndexOf(arguments, "--") is >= 0 and var at ? at : arguments.Length;
        string[] appHost = arguments[0] is "ps"
            ? []
            : ["--apphost", Path.Combine(Repository.Root, "AppHost", "AppHost.csproj")];
        // env: where the tests run in the background, SIGINT is ignored, and a child would inherit that.
        string[] command =
        [
            .. (string[])["env", "--default-signal=INT", "dotnet", "tool", "run", "aspire", "--"],
            .. arguments[..split],
            .. appHost,
            "--non-interactive",
            "--nologo",
            .. arguments[split..],
        ];
        var start = new ProcessStartInfo("setsid", command)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true";
        start.Environment["NO_COLOR"] = "1";
        if (temporary is not null)
            start.Environment["TMPDIR"] = temporary.FullName;
        return Process.Start(start)!;
    }

    /// <summary>Sends what Ctrl-C sends to a command and to everything it started in its process group.</summary>
    public static async Task InterruptAsync(Process command)
    {
        using var kill = Process.Start("kill", ["-s", "INT", "--", $"-{command.Id}"]);
        await kill.WaitForExitAsync();
        kill.ExitCode.ShouldBe(0);
    }

    /// <summary>Runs a command again until its output is as expected.</summary>
    public static async Task UntilAsync(string[] arguments, params string[] expected)
    {
        var watch = Stopwatch.StartNew();
        var last = "";
        while (watch.Elapsed < s_limit)
        {
            last = (await TryAsync(arguments)).Output;
            if (expected.All(e => last.Contains(e, StringComparison.Ordinal)))
                return;
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException(
            $"aspire {string.Join(' ', arguments)} did not print '{string.Join("', '", expected)}' "
                + $"within {s_limit.TotalMinutes} min, but\n{last}"
        );
    }

    /// <summary>Waits until the load runs and every Pod answers.</summary>
    public static Task UntilAllPodsAnswerAsync() =>
        UntilAsync(["describe", "--format", "Json"], "backend-1-", "All 3 pods answer");

    /// <summary>
    /// Processes of the running application: AppHost, what it started, and Aspire's orchestrator, which watches it.
    /// </summary>
    public static async Task<IReadOnlyList<int>> ProcessesAsync()
    {
        var hosts = JsonNode
            .Parse(await RunAsync("ps", "--format", "Json"))!
            .AsArray()
            .Where(p => ((string)p!["appHostPath"]!).StartsWith(Repository.Root, StringComparison.Ordinal));
        // The CLI goes on listing an application that has ended for a moment, and it lists other tests' labs, which run
        // from the tests' folder.
        var built = Path.Combine(Repository.Root, "AppHost", "bin");
        var pid = hosts
            .Select(p => int.Parse($"{p!["appHostPid"]}", CultureInfo.InvariantCulture))
            .Single(pid =>
                ProcessTable.IsRunning(pid) && ProcessTable.CommandLine(pid).Contains(built, StringComparison.Ordinal)
            );
        var processes = ProcessTable.Read();
        return processes.Below([pid, .. processes.WithArgument("--monitor", pid)]);
    }

    /// <summary>Names of the rows.</summary>
    public static async Task<IReadOnlyList<string>> ResourcesAsync() =>
        [
            .. JsonNode.Parse(await RunAsync("describe", "--format", "Json"))!["resources"]!
                .AsArray()
                .Select(r => (string)r!["displayName"]!),
        ];
}
