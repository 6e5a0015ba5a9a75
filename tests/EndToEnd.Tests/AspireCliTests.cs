using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>The commands of the Aspire CLI on this application, each as its users type it.</summary>
[Collection("labs of their own")]
public sealed class AspireCliTests : IClassFixture<StartedByCli>
{
    [Fact]
    public async Task Describe_lists_the_cluster_its_workloads_and_each_pod()
    {
        var resources = JsonNode.Parse(await StartedByCli.RunAsync("describe", "--format", "Json"))![
            "resources"
        ]!.AsArray();

        var names = resources.Select(r => (string)r!["displayName"]!).ToList();
        foreach (var name in (string[])["cluster", "backend-1", "load-test-1", "distribution"])
            names.ShouldContain(name);
        names.Count(n => n.StartsWith("backend-1-", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Fact]
    public async Task Wait_and_logs_work_on_the_row_of_a_pod()
    {
        var pod = await StartedByCli.PodAsync();

        await StartedByCli.RunAsync("wait", pod, "--status", "up", "--timeout", "60");
        (await StartedByCli.RunAsync("logs", pod)).ShouldContain("Now listening on");
    }

    [Fact]
    public async Task Resource_carries_out_a_command_and_otel_traces_shows_the_requests()
    {
        await StartedByCli.RunAsync("resource", "distribution", "apply-load-test-policy");
        await StartedByCli.UntilAsync(["describe", "--format", "Json"], output =>
            output.Contains("1 of 3 pods answers", StringComparison.Ordinal)
        );
        await StartedByCli.UntilAsync(["otel", "traces", "--format", "Json", "--has-error", "true"], output =>
            output.Contains("POST backend-1", StringComparison.Ordinal)
        );
        await StartedByCli.RunAsync("resource", "distribution", "remove-load-test-policy");
    }

    [Fact]
    public async Task Resource_takes_arguments_and_says_why_it_refuses()
    {
        await StartedByCli.RunAsync("resource", "backend-1", "scale", "--replicas", "3");

        (
            await StartedByCli.TryAsync("resource", "distribution", "run-scenario", "--scenario", "no-such-scenario")
        ).ExitCode.ShouldNotBe(0);
    }
}

/// <summary>The application, started by <c>aspire start</c> and ended by <c>aspire stop</c>.</summary>
public sealed class StartedByCli : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);
    private static readonly string s_repository = Repository();
    private IReadOnlyList<int> _processes = [];

    public async ValueTask InitializeAsync()
    {
        // The CLI is a tool of this repository.
        using (
            var restore = Process.Start(
                new ProcessStartInfo("dotnet", ["tool", "restore"])
                {
                    WorkingDirectory = s_repository,
                    RedirectStandardOutput = true,
                }
            )!
        )
        {
            await restore.StandardOutput.ReadToEndAsync();
            await restore.WaitForExitAsync();
            restore.ExitCode.ShouldBe(0);
        }
        await RunAsync("start", "--no-build", "--", "--by-hand");
        await UntilAsync(["describe", "--format", "Json"], output =>
            output.Contains("backend-1-", StringComparison.Ordinal)
            && output.Contains("All 3 pods answer", StringComparison.Ordinal)
        );
        var host = JsonNode
            .Parse(await RunAsync("ps", "--format", "Json"))!
            .AsArray()
            .Single(p => ((string)p!["appHostPath"]!).StartsWith(s_repository, StringComparison.Ordinal));
        var pid = int.Parse($"{host!["appHostPid"]}", CultureInfo.InvariantCulture);
        var processes = ProcessTable.Read();
        _processes = processes.Below([pid, .. processes.WithArgument("--monitor", pid)]);
    }

    /// <summary>The row of a backend's Pod.</summary>
    public static async Task<string> PodAsync() =>
        JsonNode.Parse(await RunAsync("describe", "--format", "Json"))!["resources"]!
            .AsArray()
            .Select(r => (string)r!["displayName"]!)
            .First(n => n.StartsWith("backend-1-", StringComparison.Ordinal));

    /// <summary>Runs a command of the CLI, which must succeed.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        var (code, output) = await TryAsync(arguments);
        code.ShouldBe(0, $"aspire {string.Join(' ', arguments)}\n{output}");
        return output;
    }

    /// <summary>Runs a command of the CLI.</summary>
    public static async Task<(int ExitCode, string Output)> TryAsync(params string[] arguments)
    {
        var split = Array.IndexOf(arguments, "--") is >= 0 and var at ? at : arguments.Length;
        string[] options = arguments[0] is "ps"
            ? []
            : ["--apphost", Path.Combine(s_repository, "AppHost", "AppHost.csproj")];
        var start = new ProcessStartInfo(
            "dotnet",
            [
                "tool",
                "run",
                "aspire",
                "--",
                .. arguments[..split],
                .. options,
                "--non-interactive",
                "--nologo",
                .. arguments[split..],
            ]
        )
        {
            WorkingDirectory = s_repository,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true";
        start.Environment["NO_COLOR"] = "1";
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(s_limit);
        var (output, errors) = (
            process.StandardOutput.ReadToEndAsync(deadline.Token),
            process.StandardError.ReadToEndAsync(deadline.Token)
        );
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, process.ExitCode == 0 ? await output : await output + await errors);
    }

    /// <summary>Runs a command again until its output is as expected.</summary>
    public static async Task UntilAsync(string[] arguments, Func<string, bool> expected)
    {
        var watch = Stopwatch.StartNew();
        var last = "";
        while (watch.Elapsed < s_limit)
        {
            if (expected(last = (await TryAsync(arguments)).Output))
                return;
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException(
            $"aspire {string.Join(' ', arguments)} did not show what was expected within {s_limit.TotalMinutes} min, but\n{last}"
        );
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop");
        // aspire stop returns when the application has ended; nothing of it is left 5 s later.
        var watch = Stopwatch.StartNew();
        while (_processes.Any(ProcessTable.IsRunning) && watch.Elapsed < TimeSpan.FromSeconds(5))
            await Task.Delay(50);
        _processes.Where(ProcessTable.IsRunning).ShouldBeEmpty();
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "CiliumDebugging.slnx")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}
