using System.ComponentModel;
using CiliumDebugging.ServiceDefaults.Processes;
using CliWrap;

namespace CiliumDebugging.ClusterSetup.Kind.Programs;

/// <summary>
/// Runs external programs, found on the given PATH, with bounded output. They are ended when they take too long and on
/// Ctrl-C: by SIGINT first, by SIGKILL after <see cref="Grace"/>.
/// </summary>
/// <param name="searchPath">Folders to look in, as PATH has them.</param>
/// <param name="time">Time source of the limits.</param>
/// <param name="onLine">
/// Receives the lines of long calls as they are written, secrets hidden; null: nothing does.
/// </param>
internal sealed class ProgramRunner(string searchPath, TimeProvider time, Action<string>? onLine = null)
{
    private const int MaxLines = 200,
        MaxCharactersPerLine = 2_000;

    /// <summary>How long a program may take to end after SIGINT.</summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromSeconds(2);

    /// <summary>KUBECONFIG of every program: none of them touches the user's own kubeconfig.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Path of a program; null: it is not on PATH.</summary>
    public string? Find(string program)
    {
        foreach (var folder in searchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            var path = Path.Combine(folder, OperatingSystem.IsWindows() ? program + ".exe" : program);
            if (File.Exists(path) && IsExecutable(path))
                return path;
        }
        return null;
    }

    private static bool IsExecutable(string path)
    {
        const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Execute) != 0;
    }

    /// <summary>Runs a program to its end, whatever its exit code.</summary>
    /// <exception cref="ProgramException">It is not on PATH, or took longer than its limit.</exception>
    public async Task<ProgramResult> RunAsync(ProgramCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var path = Find(call.Program) ?? throw ProgramException.Missing(call, "it is not on PATH");
        var output = new BoundedLines(MaxLines, MaxCharactersPerLine);
        var error = new BoundedLines(MaxLines, MaxCharactersPerLine);
        using var limit = new CancellationTokenSource(call.Limit, time);
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var killed = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var killing = interrupt.Token.Register(() => killed.CancelAfter(Grace)).ConfigureAwait(false);
        var command = Cli.Wrap(path)
            .WithArguments(call.Arguments)
            .WithValidation(CommandResultValidation.None)
            .WithEnvironmentVariables(variables =>
            {
                variables.Set("PATH", searchPath);
                if (Kubeconfig is not null)
                    variables.Set("KUBECONFIG", Kubeconfig);
                foreach (var (name, value) in call.Environment)
                    variables.Set(name, value);
            })
            .WithStandardOutputPipe(PipeTarget.ToDelegate(line => Keep(output, line, call)))
            .WithStandardErrorPipe(PipeTarget.ToDelegate(line => Keep(error, line, call)));
        try
        {
            var result = await command.ExecuteAsync(killed.Token, interrupt.Token);
            return new ProgramResult(result.ExitCode, output.ToString(), error.ToString());
        }
        catch (OperationCanceledException)
            when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw ProgramException.TooSlow(call, new ProgramResult(-1, output.ToString(), error.ToString()));
        }
        catch (Win32Exception e)
        {
            throw ProgramException.Missing(call, $"{path}: {e.Message}");
        }
    }

    /// <summary>Runs a program that must succeed; gives its standard output.</summary>
    /// <exception cref="ProgramException">It failed, is not on PATH, or took longer than its limit.</exception>
    public async Task<string> ReadAsync(ProgramCall call, CancellationToken cancellationToken)
    {
        var result = await RunAsync(call, cancellationToken);
        return result.ExitCode == 0 ? result.Output : throw ProgramException.Failed(call, result);
    }

    private void Keep(BoundedLines kept, string line, ProgramCall call)
    {
        kept.Add(line);
        if (call.IsLong)
            onLine?.Invoke(Secrets.Hide(line));
    }
}
