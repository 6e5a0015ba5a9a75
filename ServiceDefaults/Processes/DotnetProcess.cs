using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CiliumDebugging.ServiceDefaults.Processes;

/// <summary>A .NET program of the lab running as a child process. Its output is kept, bounded, and it is ended
/// gracefully first.</summary>
public sealed partial class DotnetProcess : IAsyncDisposable
{
    private const int KeptLines = 500;

    /// <summary>How long a program may take to end by itself when everything is stopped.</summary>
    public static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(2);

    private const int Sigterm = 15;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TimeProvider _time;

    private DotnetProcess(Process process, TimeProvider time) => (_process, _time) = (process, time);

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Exit code; only after it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The last lines of standard output and standard error.</summary>
    public IReadOnlyList<string> Output => [.. _output];

    /// <summary>Starts a program that lies beside this one.</summary>
    /// <param name="assembly">Assembly name without extension, for example <c>Backend</c>.</param>
    /// <param name="arguments">Arguments.</param>
    /// <param name="environment">Variables in addition to this process's own.</param>
    /// <param name="time">Time source of the grace period.</param>
    /// <param name="onLine">Called for each line of standard output.</param>
    /// <param name="onErrorLine">Called for each line of standard error.</param>
    /// <param name="keepInputOpen">Hold the program's standard input open for as long as this process lives, so that it
    /// can tell when this process is gone.</param>
    /// <exception cref="FileNotFoundException">The program is not there: the solution is not (fully) built.</exception>
    public static DotnetProcess Start(
        string assembly,
        IEnumerable<string> arguments,
        IEnumerable<KeyValuePair<string, string>> environment,
        TimeProvider time,
        Action<string>? onLine = null,
        bool keepInputOpen = false,
        Action<string>? onErrorLine = null
    )
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(environment);
        var path = Path.Combine(AppContext.BaseDirectory, assembly + ".dll");
        if (!File.Exists(path))
            throw new FileNotFoundException(
                $"{assembly}.dll is not beside {AppContext.BaseDirectory}: build the whole solution (dotnet build)",
                path
            );
        var start = new ProcessStartInfo(DotnetHost())
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = keepInputOpen,
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(path);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // What this process listens on is not what its children listen on.
        start.Environment.Remove("ASPNETCORE_URLS");
        start.Environment.Remove("HTTP_PORTS");
        // A process that is killed would leave its diagnostic sockets behind; set to 1, the variable brings them back.
        start.Environment.TryAdd("DOTNET_EnableDiagnostics", "0");
        foreach (var (key, value) in environment)
            start.Environment[key] = value;
        var process = new Process { StartInfo = start };
        var child = new DotnetProcess(process, time);
        process.OutputDataReceived += (_, e) => child.Keep(e.Data, onLine);
        process.ErrorDataReceived += (_, e) => child.Keep(e.Data, onErrorLine);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Completes when the process has ended.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Ends the process: SIGTERM, and after the grace period (2 s) SIGKILL. On Windows at once.</summary>
    public Task StopAsync() => StopAsync(GracePeriod);

    /// <summary>Ends the process with another grace period.</summary>
    public async Task StopAsync(TimeSpan gracePeriod)
    {
        if (_process.HasExited)
            return;
        if (OperatingSystem.IsWindows() || Kill(_process.Id, Sigterm) != 0)
        {
            Kill();
        }
        else
        {
            using var grace = new CancellationTokenSource(gracePeriod, _time);
            try
            {
                await _process.WaitForExitAsync(grace.Token);
            }
            catch (OperationCanceledException)
            {
                Kill();
            }
        }
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has just ended by itself.
        }
    }

    private void Keep(string? line, Action<string>? onLine)
    {
        if (line is null)
            return;
        _output.Enqueue(line);
        while (_output.Count > KeptLines)
            _output.TryDequeue(out _);
        onLine?.Invoke(line);
    }

    /// <summary>The dotnet host that runs this process, also when this process was started by its own
    /// executable.</summary>
    public static string DotnetHost()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var host = Path.Combine(root, name);
        return File.Exists(host) ? host : name;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Kill(int pid, int signal);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }
}
