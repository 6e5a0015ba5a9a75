using System.Net;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Objects that several readers need.</summary>
internal static class ClusterQueries
{
    /// <summary>Label selector of Cilium's agents.</summary>
    public const string AgentLabel = "k8s-app=cilium";

    /// <summary>The load's Service.</summary>
    public static Task<V1Service> ServiceOfAsync(
        this Kubernetes cluster,
        LoadSpec load,
        CancellationToken cancellationToken
    ) => cluster.CoreV1.ReadNamespacedServiceAsync(load.Service, load.Namespace, cancellationToken: cancellationToken);

    /// <summary>The EndpointSlices of the load's Service; manual ones name the Pods, too.</summary>
    public static async Task<IList<V1EndpointSlice>> SlicesOfAsync(
        this Kubernetes cluster,
        LoadSpec load,
        CancellationToken cancellationToken
    )
    {
        var slices = await EndpointSlices.ListAsync(cluster, load.Namespace, load.Service, cancellationToken);
        if (!slices.SelectMany(s => s.Endpoints ?? []).Any(e => e.HasAddressOnly()))
            return slices;
        var pods = await cluster.CoreV1.ListNamespacedPodAsync(load.Namespace, cancellationToken: cancellationToken);
        EndpointSlices.NamePods(slices, pods.Items);
        return slices;
    }

    /// <summary>The ready Pods in a Service's EndpointSlices, by name.</summary>
    public static IEnumerable<V1Endpoint> ReadyPods(this IEnumerable<V1EndpointSlice> slices) =>
        slices
            .SelectMany(slice => slice.Endpoints ?? [])
            .Where(endpoint => endpoint.Conditions?.Ready is not false && endpoint.NamesPod())
            .DistinctBy(endpoint => endpoint.TargetRef.Name)
            .OrderBy(endpoint => endpoint.TargetRef.Name, StringComparer.Ordinal);

    /// <summary>
    /// The Pods of Cilium's agents: those in kube-system, otherwise those in the namespace that has most of them.
    /// Without the right to look in all namespaces there are only those in kube-system.
    /// </summary>
    public static async Task<IList<V1Pod>> AgentsAsync(this Kubernetes cluster, CancellationToken cancellationToken)
    {
        var system = await cluster.AgentsInAsync(CiliumNames.SystemNamespace, cancellationToken);
        if (system.Count > 0)
            return system;
        try
        {
            var anywhere = await cluster.CoreV1.ListPodForAllNamespacesAsync(
                labelSelector: AgentLabel,
                cancellationToken: cancellationToken
            );
            return anywhere.Items.OfOneNamespace();
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Forbidden)
        {
            return [];
        }
    }

    /// <summary>The Pods of Cilium's agents in a namespace.</summary>
    public static async Task<IList<V1Pod>> AgentsInAsync(
        this Kubernetes cluster,
        string ns,
        CancellationToken cancellationToken
    ) =>
        (
            await cluster.CoreV1.ListNamespacedPodAsync(
                ns,
                labelSelector: AgentLabel,
                cancellationToken: cancellationToken
            )
        ).Items;

    /// <summary>Of agents in several namespaces those of the one with most: a cluster has one Cilium.</summary>
    public static List<V1Pod> OfOneNamespace(this IEnumerable<V1Pod> agents) =>
        agents.GroupBy(p => p.Namespace(), StringComparer.Ordinal).MaxBy(g => g.Count())?.ToList() ?? [];

    /// <summary>The namespace of Cilium's agents and settings; kube-system where there are no agents.</summary>
    public static async Task<string> CiliumNamespaceAsync(
        this Kubernetes cluster,
        CancellationToken cancellationToken
    ) => (await cluster.AgentsAsync(cancellationToken)).FirstOrDefault()?.Namespace() ?? CiliumNames.SystemNamespace;
}
