using System.ComponentModel;
using CiliumDebugging.Lab.Clusters;
using CliWrap;

namespace CiliumDebugging.ClusterSetup.Kind.Programs;

/// <summary>
/// Runs external programs: found on the given PATH, their output kept within bounds, ended when they take too long, and
/// with this process on Ctrl-C (asked first, killed after
/// <see cref="Grace"/>).
/// </summary>
/// <param name="searchPath">Folders to look in, as PATH has them.</param>
/// <param name="time">Time source of the limits.</param>
/// <param name="onLine">Gets the lines of long calls as they come, secrets hidden; null: nobody wants them.</param>
internal sealed class ProgramRunner(string searchPath, TimeProvider time, Action<string>? onLine = null)
{
    private const int KeptLines = 200;
    private const int KeptCharactersPerLine = 2_000;

    /// <summary>How long a program may take to end by itself after it was asked to.</summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The variable that every program is started with: nothing they do touches the user's own kubeconfig.
    /// </summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Where a program is; null: nowhere on PATH.</summary>
    public string? Find(string program)
    {
        foreach (var folder in searchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            var path = Path.Combine(folder, OperatingSystem.IsWindows() ? program + ".exe" : program);
            if (
                File.Exists(path)
                && (
                    OperatingSystem.IsWindows()
                    || (
                        File.GetUnixFileMode(path)
                        & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)
                    ) != 0
                )
            )
                return path;
        }
        return null;
    }

    /// <summary>Runs a program to its end, whatever its exit code.</summary>
    /// <exception cref="ProgramException">It is not there, or took longer than its limit.</exception>
    public async Task<ProgramResult> RunAsync(ProgramCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var path = Find(call.Program) ?? throw ProgramException.Missing(call, "it is not on PATH");
        var (output, error) = (
            new BoundedLines(KeptLines, KeptCharactersPerLine),
            new BoundedLines(KeptLines, KeptCharactersPerLine)
        );
        using var limit = new CancellationTokenSource(call.Limit, time);
        using var asked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var killed = new CancellationTokenSource();
        await using var killing = asked.Token.Register(() => killed.CancelAfter(Grace)).ConfigureAwait(false);
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
            var result = await command.ExecuteAsync(killed.Token, asked.Token);
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
    /// <exception cref="ProgramException">It failed, is not there, or took longer than its limit.</exception>
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
