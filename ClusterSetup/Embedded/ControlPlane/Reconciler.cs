using Microsoft.Extensions.Logging;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane;

/// <summary>Runs one level-triggered loop: after any number of <see cref="Trigger"/> calls the work runs (at least) once more, never twice at a time.</summary>
internal sealed partial class Reconciler(Func<CancellationToken, Task> reconcile, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);
    private readonly SemaphoreSlim _pending = new(0, 1);

    /// <summary>Asks for a run.</summary>
    public void Trigger()
    {
        try
        {
            _pending.Release();
        }
        catch (SemaphoreFullException)
        {
            // A run is already asked for; it will see this change too.
        }
    }

    /// <summary>Runs until cancelled.</summary>
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
                }
                catch (Exception e) when (e is HttpRequestException or k8s.Autorest.HttpOperationException or IOException && !cancellationToken.IsCancellationRequested)
                {
                    // A conflict or a moment without the API: the next round sees the current state.
                    Retrying(log, e.Message);
                    await Task.Delay(PauseAfterFailure, time, cancellationToken);
                    Trigger();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    public void Dispose() => _pending.Dispose();

    [LoggerMessage(Level = LogLevel.Debug, Message = "reconciling again after: {Reason}")]
    private static partial void Retrying(ILogger log, string reason);
}
