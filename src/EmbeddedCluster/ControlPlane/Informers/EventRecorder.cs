using System.Globalization;
using System.Threading.Channels;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

/// <summary>Tells people what controllers did: the Events of <c>kubectl describe</c>. Nobody waits for one to be written, and losing one is no failure.</summary>
internal sealed class EventRecorder(IKubernetes api, TimeProvider time)
{
    /// <summary>Events that may wait to be written; of more the oldest are lost.</summary>
    private const int MaxWaiting = 1_000;

    private readonly Channel<Corev1Event> _waiting = Channel.CreateBounded<Corev1Event>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest }
    );
    private long _last;

    /// <summary>Records an event.</summary>
    /// <param name="about">The object it is about.</param>
    /// <param name="component">Who reports it.</param>
    /// <param name="reason">CamelCase reason.</param>
    /// <param name="message">A sentence.</param>
    /// <param name="isWarning">Type Warning instead of Normal.</param>
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
        _waiting.Writer.TryWrite(
            new Corev1Event
            {
                Metadata = new V1ObjectMeta
                {
                    Name = string.Create(
                        CultureInfo.InvariantCulture,
                        $"{about.Name()}.{now.Ticks:x}{Interlocked.Increment(ref _last):x}"
                    ),
                    NamespaceProperty = about.Namespace() ?? "default",
                },
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

    /// <summary>Writes what is recorded, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var recorded in _waiting.Reader.ReadAllAsync(cancellationToken))
                await WriteAsync(recorded, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What was not written by now interests nobody.
        }
    }

    private async Task WriteAsync(Corev1Event recorded, CancellationToken cancellationToken)
    {
        try
        {
            await api.CoreV1.CreateNamespacedEventAsync(
                recorded,
                recorded.Metadata.NamespaceProperty,
                cancellationToken: cancellationToken
            );
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException)
        {
            // Its namespace is gone, the store is full, or a moment without the API.
        }
    }
}
