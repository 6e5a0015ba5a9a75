using CiliumDebugging.ClusterModel;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Running;

/// <summary>Restarts Pods by deleting them: whatever controls them starts others.</summary>
internal sealed class PodRenewal(Kubernetes cluster, TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Deletes the Pods of a label selector and waits until as many others are ready.</summary>
    /// <param name="selector">Label selector, in all namespaces.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <param name="ready">What the others are waited to be; null: ready.</param>
    /// <exception cref="TimeoutException">They are not ready in time.</exception>
    public async Task RunAsync(
        string selector,
        TimeSpan limit,
        CancellationToken cancellationToken,
        Func<V1Pod, bool>? ready = null
    )
    {
        ready ??= PodReadiness.IsReady;
        var before = await ListAsync(selector, cancellationToken);
        foreach (var pod in before)
            await cluster.CoreV1.DeleteNamespacedPodAsync(
                pod.Name(),
                pod.Namespace(),
                cancellationToken: cancellationToken
            );
        var old = before.Select(pod => pod.Uid()).ToHashSet(StringComparer.Ordinal);
        var start = time.GetTimestamp();
        while (true)
        {
            var now = await ListAsync(selector, cancellationToken);
            if (now.All(pod => !old.Contains(pod.Uid())) && now.Count(ready) >= before.Count)
                return;
            if (time.GetElapsedTime(start) > limit)
                throw new TimeoutException(
                    $"{limit.TotalSeconds:0} s after their deletion the pods {selector} are not replaced: "
                        + $"kubectl get pods -A -l {selector}"
                );
            await Task.Delay(s_interval, time, cancellationToken);
        }
    }

    private async Task<IList<V1Pod>> ListAsync(string selector, CancellationToken cancellationToken) =>
        (
            await cluster.CoreV1.ListPodForAllNamespacesAsync(
                labelSelector: selector,
                cancellationToken: cancellationToken
            )
        ).Items;
}
