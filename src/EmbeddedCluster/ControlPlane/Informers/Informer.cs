using System.Collections.Immutable;
using System.Globalization;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

/// <summary>A local copy of any kind, as a source of triggers.</summary>
internal interface IInformer
{
    event Action? Changed;
}

/// <summary>
/// A local copy of all objects of one kind, kept current by list and watch through KubernetesClient. When the watch
/// ends or falls behind it lists anew.
/// </summary>
internal sealed class Informer<T>(
    Func<CancellationToken, Task<(string? ResourceVersion, IEnumerable<T> Items)>> list,
    Func<string?, CancellationToken, IAsyncEnumerable<(WatchEventType Type, T Object)>> watch,
    TimeProvider time
) : IInformer
    where T : IMetadata<V1ObjectMeta>
{
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMilliseconds(100);
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ImmutableDictionary<string, T> _objects = ImmutableDictionary<string, T>.Empty;
    private long _version;
    private long _written;

    /// <inheritdoc/>
    public event Action? Changed;

    public ImmutableDictionary<string, T> Objects => _objects;

    /// <summary>
    /// Whether the copy contains everything passed to <see cref="Wrote"/>. A controller that counts objects waits for
    /// it; otherwise it would create what is missing twice.
    /// </summary>
    public bool HasOwnWrites => Volatile.Read(ref _version) >= Volatile.Read(ref _written);

    /// <summary>Notes that a controller of this process has written an object, which the watch will deliver.</summary>
    public void Wrote(IMetadata<V1ObjectMeta> written)
    {
        var version = VersionOf(written.Metadata.ResourceVersion);
        for (var before = Volatile.Read(ref _written); before < version; before = Volatile.Read(ref _written))
            Interlocked.CompareExchange(ref _written, version, before);
    }

    public Task Synced => _synced.Task;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var (resourceVersion, items) = await list(cancellationToken);
                _objects = items.ToImmutableDictionary(o => o.Metadata.Uid);
                Volatile.Write(ref _version, VersionOf(resourceVersion));
                _synced.TrySetResult();
                Changed?.Invoke();
                await foreach (var (type, changedObject) in watch(resourceVersion, cancellationToken))
                    Apply(type, changedObject);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (IsInterruption(e))
            {
                // The connection ended, in the middle of an object perhaps.
                await Task.Delay(s_pauseAfterFailure, time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        _synced.TrySetCanceled(cancellationToken);
    }

    private static bool IsInterruption(Exception e) =>
        e is HttpRequestException or HttpOperationException or IOException or KubernetesException
        || e is OperationCanceledException or System.Text.Json.JsonException;

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
        Volatile.Write(ref _version, VersionOf(changedObject.Metadata.ResourceVersion));
        Changed?.Invoke();
    }

    /// <summary>A resourceVersion of the embedded API: a number that counts writes.</summary>
    private static long VersionOf(string? resourceVersion) =>
        long.TryParse(resourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
}
