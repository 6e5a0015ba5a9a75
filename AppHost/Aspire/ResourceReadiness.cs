using System.Text.RegularExpressions;

namespace CiliumDebugging.AppHost;

/// <summary>A process of the lab that ended before it was ready.</summary>
/// <param name="message">What it said, in its own words.</param>
/// <param name="exitCode">Its exit code; null: it never started.</param>
internal sealed class ResourceEndedException(string message, int? exitCode) : Exception(message)
{
    public int? ExitCode => exitCode;
}

/// <summary>Waits for resources, and says why one will never be there.</summary>
internal sealed partial class ResourceReadiness(ResourceNotificationService notifications, ResourceLoggerService logs)
{
    private const int WordsKept = 5;
    private static readonly TimeSpan s_wordsLimit = TimeSpan.FromSeconds(3);
    private static readonly string[] s_ended = [KnownResourceStates.Finished, KnownResourceStates.Exited, KnownResourceStates.FailedToStart];

    /// <summary>Waits until a resource is healthy.</summary>
    /// <exception cref="ResourceEndedException">It ended instead.</exception>
    public Task HealthyAsync(IResource resource, CancellationToken cancellationToken) =>
        UntilAsync(resource, s => s.HealthStatus is Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy, cancellationToken);

    /// <summary>Waits until a resource runs.</summary>
    /// <exception cref="ResourceEndedException">It ended instead.</exception>
    public Task RunningAsync(IResource resource, CancellationToken cancellationToken) => UntilAsync(resource, s => s.State?.Text == KnownResourceStates.Running, cancellationToken);

    private async Task UntilAsync(IResource resource, Func<CustomResourceSnapshot, bool> ready, CancellationToken cancellationToken)
    {
        var change = await notifications.WaitForResourceAsync(resource.Name, e => ready(e.Snapshot) || s_ended.Contains(e.Snapshot.State?.Text), cancellationToken);
        if (ready(change.Snapshot)) return;
        var words = await LastWordsAsync(change.ResourceId, cancellationToken);
        var how = change.Snapshot.ExitCode is { } code ? $"ended with exit code {code}" : "could not be started";
        throw new ResourceEndedException(words.Length > 0 ? words : $"{resource.Name} {how}; its log is in the dashboard", change.Snapshot.ExitCode);
    }

    private async Task<string> LastWordsAsync(string resource, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_wordsLimit);
        var words = new Queue<string>();
        try
        {
            await foreach (var lines in logs.GetAllAsync(resource).WithCancellation(limit.Token))
            {
                foreach (var line in lines.Where(l => l.IsErrorMessage))
                {
                    words.Enqueue(TimeStamp().Replace(line.Content, ""));
                    if (words.Count > WordsKept) words.Dequeue();
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The orchestrator does not give them: what is known must do.
        }
        return string.Join(Environment.NewLine, words);
    }

    /// <summary>Aspire puts the moment before every line.</summary>
    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\S+ ", RegexOptions.CultureInvariant)]
    private static partial Regex TimeStamp();
}
