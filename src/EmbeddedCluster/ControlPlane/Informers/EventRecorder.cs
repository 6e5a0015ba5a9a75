using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

/// <summary>
/// Records what controllers did: the Events of <c>kubectl describe</c>. They are written in the background, and one
/// that is lost is not a failure.
/// </summary>
internal sealed class EventRecorder(IKubernetes api, TimeProvider time)
{
    /// <summary>Events that may wait to be written; beyond it the oldest are lost.</summary>
    private const int MaxWaiting = 1_000;

    private readonly Channel<Corev1Event> _waiting = Channel.CreateBounded<Corev1Event>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest }
    );
    private readonly ConcurrentDictionary<string, string> _faults = new(StringComparer.Ordinal);
    private long _last;

    /// <summary>Faults remembered, so that each is recorded once.</summary>
    private const int MaxFaults = 1_000;

    /// <summary>
    /// Works on an object. When that fails for a reason that lies in the object, the failure becomes an Event of it,
    /// once; it is thrown in any case, so that there is another round.
    /// </summary>
    public async Task GuardAsync<T>(T about, string component, Func<T, Task> work)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var key = $"{about.Uid()} {component}";
        try
        {
            await work(about);
            _faults.TryRemove(key, out _);
        }
        catch (Exception e) when (!IsPassing(e))
        {
            var reason = (e as HttpOperationException)?.Response.Content is { Length: > 0 } answer
                ? $"{e.Message}: {answer}"
                : e.Message;
            if (_faults.Count >= MaxFaults)
                _faults.Clear();
            if (_faults.GetValueOrDefault(key) != reason)
                Record(about, component, "FailedReconcile", $"cannot work on this object: {reason}", isWarning: true);
            _faults[key] = reason;
            throw;
        }
    }

    /// <summary>
    /// Whether a failure says nothing about the object: a conflict, a moment without the API, the end.
    /// </summary>
    private static bool IsPassing(Exception e) =>
        ApiRetry.MayPass(e)
        || e is HttpOperationException { Response.StatusCode: HttpStatusCode.NotFound or HttpStatusCode.Conflict };

    public void Record(
        IKubernetesObject<V1ObjectMeta> about,
        string component,
        string reason,
        string message,
        bool isWarning = false
    )
    {
        var owner = PodTemplates.Owner(about);
        var now = time.GetUtcNow().UtcDateTime;
        var name = $"{about.Name()}.{now.Ticks:x}{Interlocked.Increment(ref _last):x}";
        _waiting.Writer.TryWrite(
            new Corev1Event
            {
                Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = about.Namespace() ?? "default" },
                InvolvedObject = new V1ObjectReference
                {
                    ApiVersion = owner.ApiVersion,
                    Kind = owner.Kind,
                    Name = owner.Name,
                    NamespaceProperty = about.Namespace(),
                    Uid = owner.Uid,
                    ResourceVersion = about.ResourceVersion(),
                },
                Type = isWarning ? "Warning" : "Normal",
                Reason = reason,
                Message = message,
                Source = new V1EventSource { Component = component },
                ReportingComponent = component,
                FirstTimestamp = now,
                LastTimestamp = now,
                Count = 1,
            }
        );
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var recorded in _waiting.Reader.ReadAllAsync(cancellationToken))
                await WriteAsync(recorded, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped: what is not written by now is lost.
        }
    }

    private async Task WriteAsync(Corev1Event recorded, CancellationToken cancellationToken)
    {
        try
        {
            var ns = recorded.Metadata.NamespaceProperty;
            await api.CoreV1.CreateNamespacedEventAsync(recorded, ns, cancellationToken: cancellationToken);
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException)
        {
            // Its namespace is deleted, the store is full, or the API is not reachable for a moment.
        }
    }
}
