using System.Net;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// Follows the objects of one kind: lists them, watches from there, and lists again when the watch ends or the
/// API server did not answer.
/// </summary>
/// <typeparam name="T">The kind.</typeparam>
/// <param name="list">Lists the objects, with the list's resource version.</param>
/// <param name="watch">Watches from a resource version on.</param>
/// <param name="onListed">Receives all objects.</param>
/// <param name="onChanged">Receives one that was added, changed or deleted.</param>
/// <param name="onRefused">Receives the first refusal when the user may not list them.</param>
/// <param name="time">Time source.</param>
public sealed class ObjectWatch<T>(
    Func<CancellationToken, Task<(IList<T> Items, string Version)>> list,
    Func<string, CancellationToken, IAsyncEnumerable<(WatchEventType Type, T Item)>> watch,
    Func<IList<T>, ValueTask> onListed,
    Func<WatchEventType, T, ValueTask> onChanged,
    Action<HttpOperationException> onRefused,
    TimeProvider time
)
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(250),
        s_longestPause = TimeSpan.FromSeconds(15);

    /// <summary>Follows them until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var (pause, isRefused) = (s_firstPause, false);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var (items, version) = await list(cancellationToken);
                await onListed(items);
                pause = s_firstPause;
                await foreach (var (type, item) in watch(version, cancellationToken))
                {
                    if (type is WatchEventType.Error)
                        break;
                    if (type is not WatchEventType.Bookmark)
                        await onChanged(type, item);
                }
            }
            catch (HttpOperationException e)
                when (e.Response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
            {
                if (!isRefused)
                    onRefused(e);
                (isRefused, pause) = (true, s_longestPause);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The API server does not answer or has forgotten the version: list again, after ever longer pauses.
            }
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }
}
