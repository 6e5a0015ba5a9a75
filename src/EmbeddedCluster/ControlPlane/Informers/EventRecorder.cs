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
    private long _last;

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
