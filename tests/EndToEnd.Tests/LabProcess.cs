using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>
/// AppHost as a user starts it: a process of its own, its standard output not a terminal, with a folder for temporary
/// files.
/// </summary>
public sealed class LabProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("lab-");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lab-folder-");
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly SemaphoreSlim _newLine = new(0);

    private LabProcess(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = _folder.FullName,
        };
        start.Environment["TMPDIR"] = _temporary.FullName;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Keep(e.Data);
        _process.ErrorDataReceived += (_, e) => Keep(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', _lines);

    public int Id => _process.Id;

    /// <summary>The lab's folder for temporary files.</summary>
    public DirectoryInfo Temporary => _temporary;

    /// <summary>The folder it was started in, where it writes reports.</summary>
    public DirectoryInfo Folder => _folder;

    private static string Program => Path.Combine(AppContext.BaseDirectory, "AppHost.dll");

    // env: where the tests run in the background, SIGINT is ignored, and a child would inherit that.
    public static LabProcess Start(params string[] arguments) =>
        new("env", ["--default-signal=INT", "dotnet", "exec", Program, .. arguments]);

    /// <summary>Starts it in a network namespace of its own.</summary>
    /// <param name="setup">Shell lines before that, in its folder.</param>
    /// <param name="hasLoopback">Whether lo is up.</param>
    /// <param name="arguments">Arguments of AppHost.</param>
    public static LabProcess StartAlone(string setup, bool hasLoopback, params string[] arguments)
    {
        var loopback = hasLoopback ? "ip link set lo up || exit 1" : "";
        var script = $"""
            PATH=$PATH:/usr/sbin:/sbin
            {loopback}
            {setup}
            exec env --default-signal=INT dotnet exec '{Program}' "$@"
            """;
        // Each of them replaces itself by the next: the process is AppHost's in the end.
        return new("unshare", ["--map-root-user", "--net", "--mount", "bash", "-c", script, "lab", .. arguments]);
    }

    public bool HasExited => _process.HasExited;

    /// <summary>
    /// What follows a word at the beginning of a line, such as the link of <c>page</c> or <c>dashboard</c>.
    /// </summary>
    public async Task<string> ReadAsync(string word, TimeSpan limit)
    {
        await WaitForLineAsync($"{word}  ", limit);
        return Output.Split('\n').First(l => l.StartsWith($"{word}  ", StringComparison.Ordinal))[word.Length..].Trim();
    }

    public async Task<int> WaitAsync(TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"the lab did not end within {limit.TotalSeconds} s; it wrote:\n{Output}");
        }
    }

    public async Task WaitForLineAsync(string part, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        while (!_lines.Any(l => l.Contains(part, StringComparison.Ordinal)))
        {
            try
            {
                await _newLine.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException(
                    $"no line with '{part}' within {limit.TotalSeconds} s; the lab wrote:\n{Output}"
                );
            }
        }
    }

    /// <summary>Sends a signal: INT is what Ctrl-C sends, HUP what a terminal that is closed sends.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-s", name, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        kill.ExitCode.ShouldBe(0);
    }

    /// <summary>
    /// Process ids of what the lab started: Aspire's orchestrator, which watches AppHost from outside, and everything
    /// below it.
    /// </summary>
    public IReadOnlyList<int> Started()
    {
        var processes = ProcessTable.Read();
        return processes
            .Below([_process.Id, .. processes.WithArgument("--monitor", _process.Id)])
            .Except([_process.Id])
            .ToList();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        _newLine.Release();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signal("TERM");
            try
            {
                await WaitAsync(TimeSpan.FromSeconds(30));
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }
        await _process.WaitForExitAsync();
        _process.Dispose();
        _newLine.Dispose();
        try
        {
            _folder.Delete(recursive: true);
            _temporary.Delete(recursive: true);
        }
        catch (IOException)
        {
            // Aspire's orchestrator is still ending.
        }
    }
}
