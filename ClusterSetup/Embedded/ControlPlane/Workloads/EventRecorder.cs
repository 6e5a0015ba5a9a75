using System.Globalization;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane.Workloads;

/// <summary>Tells people what controllers did: the Events of <c>kubectl describe</c>. Losing one is no failure.</summary>
internal sealed class EventRecorder(IKubernetes api, TimeProvider time)
{
    private long _last;

    /// <summary>Records an event.</summary>
    /// <param name="about">The object it is about.</param>
    /// <param name="component">Who reports it.</param>
    /// <param name="reason">CamelCase reason.</param>
    /// <param name="message">A sentence.</param>
    /// <param name="isWarning">Type Warning instead of Normal.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task RecordAsync(IKubernetesObject<V1ObjectMeta> about, string component, string reason, string message, bool isWarning = false, CancellationToken cancellationToken = default)
    {
        var owner = PodTemplates.Owner(about);
        var now = time.GetUtcNow().UtcDateTime;
        var ns = about.Namespace() ?? "default";
        var recorded = new Corev1Event
        {
            Metadata = new V1ObjectMeta { Name = string.Create(CultureInfo.InvariantCulture, $"{about.Name()}.{now.Ticks:x}{Interlocked.Increment(ref _last):x}"), NamespaceProperty = ns },
            InvolvedObject = new V1ObjectReference { ApiVersion = owner.ApiVersion, Kind = owner.Kind, Name = owner.Name, NamespaceProperty = about.Namespace(), Uid = owner.Uid, ResourceVersion = about.ResourceVersion() },
            Type = isWarning ? "Warning" : "Normal",
            Reason = reason,
            Message = message,
            Source = new V1EventSource { Component = component },
            ReportingComponent = component,
            FirstTimestamp = now,
            LastTimestamp = now,
            Count = 1,
        };
        try
        {
            await api.CoreV1.CreateNamespacedEventAsync(recorded, ns, cancellationToken: cancellationToken);
        }
        catch (HttpOperationException)
        {
            // Its namespace is gone, or the store is full.
        }
    }
}
