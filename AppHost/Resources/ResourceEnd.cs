using System.Text.RegularExpressions;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>A process of the lab that has ended.</summary>
/// <param name="reason">How it ended, without a full stop.</param>
/// <param name="output">The last lines that it printed on standard error; may be empty.</param>
/// <param name="exitCode">Its exit code; null: it never started.</param>
internal sealed class ResourceEndedException(string reason, IReadOnlyList<string> output, int? exitCode)
    : Exception(MessageOf(reason, output, exitCode))
{
    /// <summary>What Aspire's orchestrator gives as the exit code of a process that a signal ended.</summary>
    public const int Killed = -1;

    private const int MaxLines = 5;

    /// <summary>How the .NET runtime begins the line that says why it ends its own process with a signal.</summary>
    private static readonly string[] s_runtimeEnds =
    [
        "Unhandled exception. ",
        "Process terminated. ",
        "Out of memory",
        "Stack overflow",
        "Fatal error",
    ];

    public string Reason => reason;

    public int? ExitCode => exitCode;

    /// <summary>What a process writes that ends by itself says why. One that a signal ends has not written about it,
    /// unless the runtime did: then one line, and not the calls that follow it.</summary>
    private static string MessageOf(string reason, IReadOnlyList<string> output, int? exitCode)
    {
        if (exitCode is not Killed)
            return output.Count > 0 ? string.Join(Environment.NewLine, output.TakeLast(MaxLines)) : reason;
        var why = output.LastOrDefault(l => s_runtimeEnds.Any(e => l.StartsWith(e, StringComparison.Ordinal)));
        return why is null ? reason : $"{reason}: {why}";
    }
}

/// <summary>Reads what a resource's process prints, and why it ended.</summary>
internal sealed partial class ResourceEnd(ResourceNotificationService notifications, ResourceLoggerService logs)
{
    /// <summary>Begins the lines that Aspire's orchestrator adds to the output of a process.</summary>
    private const string OrchestratorPrefix = "[sys]";

    /// <summary>How many of the last lines are read: enough for the calls below an exception.</summary>
    private const int MaxLines = 200;
    private static readonly TimeSpan s_logLimit = TimeSpan.FromSeconds(3);

    /// <summary>Completes when the resource has ended and its last output was read.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="onEnd">Receives how it ended, before its output is read.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<ResourceEndedException> OfAsync(
        IResource resource,
        Action<string>? onEnd,
        CancellationToken cancellationToken
    )
    {
        var change = await notifications.WaitForResourceAsync(
            resource.Name,
            e => KnownResourceStates.TerminalStates.Contains(e.Snapshot.State?.Text ?? ""),
            cancellationToken
        );
        var how = change.Snapshot.ExitCode switch
        {
            null => "could not be started",
            ResourceEndedException.Killed => "was killed",
            var code => $"ended with exit code {code}",
        };
        var reason = $"the process {resource.Name} {how}";
        onEnd?.Invoke(reason);
        var errors = await LastErrorsAsync(change.ResourceId, cancellationToken);
        return new ResourceEndedException(reason, errors, change.Snapshot.ExitCode);
    }

    /// <summary>
    /// Prints the standard output of a process, which is for its user: for example which program has a port that the
    /// lab needs. Its log is on standard error, in the dashboard.
    ///</summary>
    public async Task PrintOutputAsync(IResource resource, Action<string> print, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var lines in logs.WatchAsync(resource).WithCancellation(cancellationToken))
            foreach (var line in lines.Where(l => !l.IsErrorMessage).Select(l => WithoutTime(l.Content)))
                if (!line.StartsWith(OrchestratorPrefix, StringComparison.Ordinal))
                    print(line);
        }
        catch (OperationCanceledException)
        {
            // The lab ends.
        }
    }

    private async Task<IReadOnlyList<string>> LastErrorsAsync(string resource, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_logLimit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        string[] errors = [];
        try
        {
            await foreach (var lines in logs.GetAllAsync(resource).WithCancellation(either.Token))
            {
                var more = lines.Where(l => l.IsErrorMessage).Select(l => WithoutTime(l.Content));
                errors = [.. errors.Concat(more).TakeLast(MaxLines)];
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The orchestrator sends no more of them in time.
        }
        return errors;
    }

    /// <summary>A line as the process wrote it: Aspire puts the time before it.</summary>
    private static string WithoutTime(string line) => TimeStamp().Replace(line, "");

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\S+ ", RegexOptions.CultureInvariant)]
    private static partial Regex TimeStamp();
}
