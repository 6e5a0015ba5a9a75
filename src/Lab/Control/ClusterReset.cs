using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Control;

/// <summary>
/// Brings a cluster back to where a run begins, by its API alone: no policy of the last scenario, the Service as it was, the agents with the next scenario's settings, and a load-test Pod with
/// an address of its own, because the load balancer remembers for hours which ports of the old address it sent where.
/// </summary>
internal sealed class ClusterReset(Kubernetes cluster, TimeProvider time)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60),
        s_interval = TimeSpan.FromMilliseconds(100);
    private readonly ClusterChanges _changes = new(cluster);

    /// <summary>Brings it back.</summary>
    /// <param name="last">The scenario that ran last.</param>
    /// <param name="next">The one that is to run.</param>
    /// <param name="settings">Data of kube-system/cilium-config that the next one needs.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(
        Scenario last,
        Scenario next,
        ImmutableSortedDictionary<string, string> settings,
        CancellationToken cancellationToken
    )
    {
        foreach (var policy in last.Policies())
            await _changes.DeleteAsync(policy, cancellationToken);
        if (last.Steps.OfType<ServiceStep>().Any())
            await _changes.PatchServiceAsync(
                last.Load,
                new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["sessionAffinity"] = "None",
                    ["internalTrafficPolicy"] = "Cluster",
                    ["trafficDistribution"] = null,
                },
                cancellationToken
            );
        await ConfigureAsync(settings, cancellationToken);
        await RenewAsync(await ListAsync(next.Load.Client, cancellationToken), next.Load.Client, cancellationToken);
    }

    private async Task ConfigureAsync(
        ImmutableSortedDictionary<string, string> settings,
        CancellationToken cancellationToken
    )
    {
        var map = await cluster.CoreV1.ReadNamespacedConfigMapAsync(
            CiliumNames.ConfigMap,
            CiliumNames.SystemNamespace,
            cancellationToken: cancellationToken
        );
        var data = map.Data ?? new Dictionary<string, string>();
        if (
            data.Count == settings.Count
            && settings.All(s => data.TryGetValue(s.Key, out var value) && value == s.Value)
        )
            return;
        map.Data = settings.ToDictionary(StringComparer.Ordinal);
        await cluster.CoreV1.ReplaceNamespacedConfigMapAsync(
            map,
            CiliumNames.ConfigMap,
            CiliumNames.SystemNamespace,
            cancellationToken: cancellationToken
        );
        const string agents = "k8s-app=cilium";
        await RenewAsync(await ListAsync(agents, cancellationToken), agents, cancellationToken);
    }

    /// <summary>Deletes Pods and waits until as many others are ready.</summary>
    private async Task RenewAsync(IList<V1Pod> old, string selector, CancellationToken cancellationToken)
    {
        foreach (var pod in old)
            await cluster.CoreV1.DeleteNamespacedPodAsync(
                pod.Name(),
                pod.Namespace(),
                cancellationToken: cancellationToken
            );
        var names = old.Select(p => p.Uid()).ToHashSet(StringComparer.Ordinal);
        var since = time.GetTimestamp();
        while (true)
        {
            var now = await ListAsync(selector, cancellationToken);
            if (
                now.All(p => !names.Contains(p.Uid()))
                && now.Count(p => PodReadiness.IsReady(p) || p.Namespace() == CiliumNames.SystemNamespace) >= old.Count
            )
                return;
            if (time.GetElapsedTime(since) > s_limit)
                throw new TimeoutException(
                    $"{s_limit.TotalSeconds:0} s after their deletion the pods {selector} are not replaced"
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
