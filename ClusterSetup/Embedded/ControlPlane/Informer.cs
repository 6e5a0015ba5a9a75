using System.Collections.Immutable;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane;

/// <summary>
/// A local copy of all objects of one kind, kept current by list and watch through KubernetesClient. When the watch ends or falls behind it lists anew.
/// </summary>
/// <param name="list">Lists all objects with the list's resourceVersion.</param>
/// <param name="watch">Watches from a resourceVersion.</param>
/// <param name="changed">Called after every change of <see cref="Objects"/>.</param>
/// <param name="time">Time source of the pause after a failed list.</param>
internal sealed class Informer<T>(
    Func<CancellationToken, Task<(string? ResourceVersion, IEnumerable<T> Items)>> list,
    Func<string?, CancellationToken, IAsyncEnumerable<(WatchEventType Type, T Object)>> watch,
    Action changed,
    TimeProvider time)
    where T : IMetadata<V1ObjectMeta>
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ImmutableDictionary<string, T> _objects = ImmutableDictionary<string, T>.Empty;

    /// <summary>The objects by uid.</summary>
    public ImmutableDictionary<string, T> Objects => _objects;

    /// <summary>Completes with the first list.</summary>
    public Task Synced => _synced.Task;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var (resourceVersion, items) = await list(cancellationToken);
                _objects = items.ToImmutableDictionary(o => o.Metadata.Uid);
                _synced.TrySetResult();
                changed();
                await foreach (var (type, changedObject) in watch(resourceVersion, cancellationToken)) Apply(type, changedObject);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (e is HttpRequestException or HttpOperationException or IOException or KubernetesException or OperationCanceledException or System.Text.Json.JsonException)
            {
                // The connection ended, in the middle of an object perhaps.
                await Task.Delay(PauseAfterFailure, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        _synced.TrySetCanceled(cancellationToken);
    }

    private void Apply(WatchEventType type, T changedObject)
    {
        switch (type)
        {
            case WatchEventType.Added or WatchEventType.Modified:
                _objects = _objects.SetItem(changedObject.Metadata.Uid, changedObject);
                break;
            case WatchEventType.Deleted:
                _objects = _objects.Remove(changedObject.Metadata.Uid);
                break;
            default:
                return;
        }
        changed();
    }
}
