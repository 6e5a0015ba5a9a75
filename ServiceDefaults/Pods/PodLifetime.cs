using System.Net;
using System.Net.Sockets;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>
/// The life of a Pod that registered itself: ends the process when the Pod is deleted or the cluster is gone, and deletes the Pod when the process ends for another reason.
/// A replacement is somebody else's task: under Aspire the resource's restart command.
/// </summary>
internal sealed partial class PodLifetime(PodSandbox sandbox, IKubernetes cluster, IHostApplicationLifetime application, TimeProvider time, ILogger<PodLifetime> log) : BackgroundService
{
    /// <summary>How long the API may be out of reach before the cluster counts as gone. Long, because a busy machine must not end a healthy Pod; whoever stops the lab stops its Pods itself.</summary>
    private static readonly TimeSpan ClusterGoneAfter = TimeSpan.FromSeconds(5);

    private bool _deleted;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (name, ns) = (sandbox.Identity.Name, sandbox.Identity.Namespace);
        long? unreachableSince = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await WatchUntilDeletedAsync(ns, name, stoppingToken);
                unreachableSince = null;
                if (_deleted) break;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound)
            {
                _deleted = true;
                break;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException or HttpOperationException or KubernetesException or OperationCanceledException)
            {
                unreachableSince ??= time.GetTimestamp();
                if (time.GetElapsedTime(unreachableSince.Value) > ClusterGoneAfter) break;
                await Task.Delay(TimeSpan.FromMilliseconds(200), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        if (_deleted) PodDeleted(log, ns, name);
        else ClusterGone(log, ns, name);
        application.StopApplication();
    }

    private async Task WatchUntilDeletedAsync(string ns, string name, CancellationToken cancellationToken)
    {
        var pod = await cluster.CoreV1.ReadNamespacedPodAsync(name, ns, cancellationToken: cancellationToken);
        await foreach (var (type, changed) in cluster.CoreV1.WatchListNamespacedPodAsync(
            ns, fieldSelector: $"metadata.name={name}", resourceVersion: pod.ResourceVersion(), cancellationToken: cancellationToken))
        {
            if (type is not WatchEventType.Deleted || changed.Uid() != sandbox.Uid) continue;
            _deleted = true;
            return;
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_deleted) return;
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
            await cluster.CoreV1.DeleteNamespacedPodAsync(sandbox.Identity.Name, sandbox.Identity.Namespace, cancellationToken: limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or HttpOperationException or OperationCanceledException or IOException)
        {
            // The cluster is gone before its Pods when everything is stopped at once; there is nobody left to tell.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "pod {Namespace}/{Name} was deleted: draining")]
    private static partial void PodDeleted(ILogger log, string @namespace, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the cluster of pod {Namespace}/{Name} is gone: stopping")]
    private static partial void ClusterGone(ILogger log, string @namespace, string name);
}
