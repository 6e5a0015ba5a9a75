using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.AppHost;

/// <summary>
/// Does for the Pods of the Aspire composition what a ReplicaSet does: when a Pod is deleted its process drains and exits with 0, and is started again; it then
/// registers under a new name and address. A process that was stopped from the dashboard stays stopped, one that failed stays visible as failed.
/// </summary>
internal sealed partial class PodReplacement(ResourceNotificationService notifications, ResourceCommandService commands, ILogger<PodReplacement> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var states = new Dictionary<string, string?>(StringComparer.Ordinal);
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (!change.Resource.HasAnnotationOfType<PodAnnotation>()) continue;
            var before = states.GetValueOrDefault(change.ResourceId);
            var now = states[change.ResourceId] = change.Snapshot.State?.Text;
            if (PodWasDeleted(before, now, change.Snapshot.ExitCode)) await ReplaceAsync(change, stoppingToken);
        }
    }

    /// <summary>Whether this change of a process's state means that its Pod was deleted: it ended by itself, with 0.</summary>
    public static bool PodWasDeleted(string? before, string? now, int? exitCode) =>
        BackendTexts.Runs(before) && (now == KnownResourceStates.Finished || now == KnownResourceStates.Exited) && exitCode == 0;

    private async Task ReplaceAsync(ResourceEvent change, CancellationToken cancellation)
    {
        LogReplaced(logger, change.Resource.Name);
        // "restart" would first stop what has already ended, and wait for that.
        var result = await commands.ExecuteCommandAsync(change.ResourceId, KnownResourceCommands.StartCommand, cancellation);
        if (!result.Success) LogNotReplaced(logger, change.Resource.Name);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The Pod of {Resource} was deleted; starting its replacement")]
    private static partial void LogReplaced(ILogger logger, string resource);

    [LoggerMessage(Level = LogLevel.Error, Message = "The process of {Resource} could not be started again; start it from the dashboard")]
    private static partial void LogNotReplaced(ILogger logger, string resource);
}
