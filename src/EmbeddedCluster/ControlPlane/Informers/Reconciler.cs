using System.Runtime.ExceptionServices;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

/// <summary>
/// Runs one level-triggered loop: after any number of <see cref="Trigger"/> calls the work runs at least once more,
/// never twice at a time.
/// </summary>
internal sealed partial class Reconciler(Func<CancellationToken, Task> reconcile, TimeProvider time, ILogger log)
    : IDisposable
{
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMilliseconds(100);
    private readonly SemaphoreSlim _pending = new(0, 1);
    private string? _lastFailure;

    public void Trigger()
    {
        try
        {
            _pending.Release();
        }
        catch (SemaphoreFullException)
        {
            // A run is pending; it will see this change too.
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _pending.WaitAsync(cancellationToken);
                try
                {
                    await reconcile(cancellationToken);
                    _lastFailure = null;
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested)
                {
                    // A conflict, a moment without the API, a setting that cannot be read: what was reconciled before
                    // stays, and the next round sees the current state.
                    if (e is HttpRequestException or k8s.Autorest.HttpOperationException or IOException)
                        Retrying(log, e.Message);
                    else if (e.Message != _lastFailure)
                    {
                        Failing(log, e.Message);
                        _lastFailure = e.Message;
                    }
                    await Task.Delay(s_pauseAfterFailure, time, cancellationToken);
                    Trigger();
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped: work that breaks off is not a failure.
        }
    }

    /// <summary>
    /// Works on each object, also after one has failed. The first failure is thrown at the end, so that there is
    /// another round.
    /// </summary>
    public static async Task EachAsync<T>(IEnumerable<T> objects, Func<T, Task> work, CancellationToken stop)
    {
        Exception? failure = null;
        foreach (var o in objects)
        {
            try
            {
                await work(o);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                failure ??= e;
            }
        }
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <inheritdoc cref="EachAsync{T}(IEnumerable{T}, Func{T, Task}, CancellationToken)"/>
    /// <remarks>An object that cannot be worked on gets an Event that says why.</remarks>
    public static Task EachAsync<T>(
        IEnumerable<T> objects,
        Func<T, Task> work,
        EventRecorder events,
        string component,
        CancellationToken stop
    )
        where T : IKubernetesObject<V1ObjectMeta> =>
        EachAsync(objects, o => events.GuardAsync(o, component, work), stop);

    public void Dispose() => _pending.Dispose();

    [LoggerMessage(Level = LogLevel.Debug, Message = "reconciling again after: {Reason}")]
    private static partial void Retrying(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "cannot reconcile, trying again until it works: {Reason}")]
    private static partial void Failing(ILogger log, string reason);
}
