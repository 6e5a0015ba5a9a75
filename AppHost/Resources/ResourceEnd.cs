using System.Text.RegularExpressions;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>A process of the lab that ended before it was ready.</summary>
/// <param name="message">What it said, in its own words.</param>
/// <param name="exitCode">Its exit code; null: it never started.</param>
internal sealed class ResourceEndedException(string message, int? exitCode) : Exception(message)
{
    public int? ExitCode => exitCode;
}

/// <summary>Waits for the end of a resource's process, and says why it ended.</summary>
internal sealed partial class ResourceEnd(ResourceNotificationService notifications, ResourceLoggerService logs)
{
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
        var words = await LastErrorsAsync(change.ResourceId, cancellationToken);
        var how = change.Snapshot.ExitCode is { } code ? $"ended with exit code {code}" : "could not be started";
        return new ResourceEndedException(
            words.Length > 0 ? words : $"{resource.Name} {how}; its log is in the dashboard",
            change.Snapshot.ExitCode
        );
    }

    private async Task<string> LastErrorsAsync(string resource, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_logLimit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var words = new Queue<string>();
        try
        {
            await foreach (var lines in logs.GetAllAsync(resource).WithCancellation(either.Token))
            {
                foreach (var line in lines.Where(l => l.IsErrorMessage))
                {
                    words.Enqueue(WithoutTime(line.Content));
                    if (words.Count > MaxLines)
                        words.Dequeue();
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The orchestrator does not give them: what is known must do.
        }
        return string.Join(Environment.NewLine, words);
    }

    /// <summary>A line of a process as it wrote it: Aspire puts the time before it.</summary>
    public static string WithoutTime(string line) => TimeStamp().Replace(line, "");

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\S+ ", RegexOptions.CultureInvariant)]
    private static partial Regex TimeStamp();
}
