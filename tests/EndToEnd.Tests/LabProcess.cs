using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>AppHost as a user starts it: a process of its own, its standard output no terminal.</summary>
public sealed partial class LabProcess : IAsyncDisposable
{
    private const int Sigint = 2;
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly SemaphoreSlim _newLine = new(0);

    private LabProcess(Process process) => _process = process;

    public string Output => string.Join('\n', _lines);

    public int Id => _process.Id;

    public static LabProcess Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "AppHost.dll"), .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        var lab = new LabProcess(new Process { StartInfo = start });
        lab._process.OutputDataReceived += (_, e) => lab.Keep(e.Data);
        lab._process.ErrorDataReceived += (_, e) => lab.Keep(e.Data);
        lab._process.Start();
        lab._process.BeginOutputReadLine();
        lab._process.BeginErrorReadLine();
        return lab;
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
                throw new TimeoutException($"no line with '{part}' within {limit.TotalSeconds} s; the lab wrote:\n{Output}");
            }
        }
    }

    /// <summary>What Ctrl-C sends.</summary>
    public void Interrupt() => Kill(_process.Id, Sigint).ShouldBe(0);

    /// <summary>Process ids of this process's children and their children.</summary>
    public IReadOnlyList<int> Descendants()
    {
        var parents = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _))
            .Select(n => (Pid: int.Parse(n!, CultureInfo.InvariantCulture), Parent: ParentOf(n!))).ToList();
        List<int> found = [_process.Id];
        for (var i = 0; i < found.Count; i++) found.AddRange(parents.Where(p => p.Parent == found[i]).Select(p => p.Pid));
        return found[1..];
    }

    private static int ParentOf(string pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return -1;
        }
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        _lines.Enqueue(line);
        _newLine.Release();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int pid, int signal);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _newLine.Dispose();
    }
}
