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
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly SemaphoreSlim _newLine = new(0);

    private LabProcess(string[] arguments)
    {
        // env: where the tests run in the background, SIGINT is ignored, and a child would inherit that.
        var start = new ProcessStartInfo(
            "env",
            [
                "--default-signal=INT",
                "dotnet",
                "exec",
                Path.Combine(AppContext.BaseDirectory, "AppHost.dll"),
                .. arguments,
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
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

    public static LabProcess Start(params string[] arguments) => new(arguments);

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
            _temporary.Delete(recursive: true);
        }
        catch (IOException)
        {
            // Aspire's orchestrator is still ending.
        }
    }
}
