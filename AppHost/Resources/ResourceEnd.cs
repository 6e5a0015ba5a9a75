using System.Text.RegularExpressions;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>A process of the lab that ended before it was ready.</summary>
/// <param name="message">What it printed.</param>
/// <param name="exitCode">Its exit code; null: it never started.</param>
internal sealed class ResourceEndedException(string message, int? exitCode) : Exception(message)
{
    public int? ExitCode => exitCode;
}

/// <summary>Reads what a resource's process prints, and why it ended.</summary>
internal sealed partial class ResourceEnd(ResourceNotificationService notifications, ResourceLoggerService logs)
{
    /// <summary>Begins the lines that Aspire's orchestrator adds to the output of a process.</summary>
    private const string OrchestratorPrefix = "[sys]";

    private const int MaxLines = 5;
    private static readonly TimeSpan s_logLimit = TimeSpan.FromSeconds(3);

    /// <summary>Completes when the resource has ended.</summary>
    public async Task<ResourceEndedException> OfAsync(IResource resource, CancellationToken cancellationToken)
    {
        var change = await notifications.WaitForResourceAsync(
            resource.Name,
            e => KnownResourceStates.TerminalStates.Contains(e.Snapshot.State?.Text ?? ""),
            cancellationToken
        );
        var errors = await LastErrorsAsync(change.ResourceId, cancellationToken);
        var how = change.Snapshot.ExitCode is { } code ? $"ended with exit code {code}" : "could not be started";
        return new ResourceEndedException(
            errors.Length > 0 ? errors : $"{resource.Name} {how}; its log is in the dashboard",
            change.Snapshot.ExitCode
        );
    }

    /// <summary>
    /// Prints the standard output of a process, which is for its user: for example which program has a port that the
    /// lab
    /// needs. Its log is on standard error, in the dashboard.
    /// </summary>
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

    private async Task<string> LastErrorsAsync(string resource, CancellationToken cancellationToken)
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
        return string.Join(Environment.NewLine, errors);
    }

    /// <summary>A line as the process wrote it: Aspire puts the time before it.</summary>
    private static string WithoutTime(string line) => TimeStamp().Replace(line, "");

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\S+ ", RegexOptions.CultureInvariant)]
    private static partial Regex TimeStamp();
}
