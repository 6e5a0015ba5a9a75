using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Objects that several readers need.</summary>
internal static class ClusterQueries
{
    /// <summary>The load's Service.</summary>
    public static Task<V1Service> ServiceOfAsync(
        this Kubernetes cluster,
        LoadSpec load,
        CancellationToken cancellationToken
    ) => cluster.CoreV1.ReadNamespacedServiceAsync(load.Service, load.Namespace, cancellationToken: cancellationToken);

    /// <summary>The EndpointSlices of the load's Service.</summary>
    public static Task<IList<V1EndpointSlice>> SlicesOfAsync(
        this Kubernetes cluster,
        LoadSpec load,
        CancellationToken cancellationToken
    ) => EndpointSlices.ListAsync(cluster, load.Namespace, load.Service, cancellationToken);

    /// <summary>The ready Pods in a Service's EndpointSlices, by name.</summary>
    public static IEnumerable<V1Endpoint> ReadyPods(this IEnumerable<V1EndpointSlice> slices) =>
        slices
            .SelectMany(slice => slice.Endpoints ?? [])
            .Where(endpoint => endpoint.Conditions?.Ready is not false && endpoint.TargetRef is not null)
            .DistinctBy(endpoint => endpoint.TargetRef.Name)
            .OrderBy(endpoint => endpoint.TargetRef.Name, StringComparer.Ordinal);

    /// <summary>The Pods of Cilium's agents.</summary>
    public static async Task<IList<V1Pod>> AgentsAsync(this Kubernetes cluster, CancellationToken cancellationToken)
    {
        var agents = await cluster.CoreV1.ListNamespacedPodAsync(
            CiliumNames.SystemNamespace,
            labelSelector: "k8s-app=cilium",
            cancellationToken: cancellationToken
        );
        return agents.Items;
    }
}
