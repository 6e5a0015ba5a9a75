using System.Collections.Immutable;
using CiliumDebugging.LoadTest.Diagnosis;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Scenarios.Measuring;

/// <summary>What the cluster's objects say of a Service: its spec, its Pods' readiness, zones and ages.</summary>
/// <param name="Service">The spec.</param>
/// <param name="Endpoints">The Pods, by <c>namespace/pod</c>.</param>
/// <param name="ClientZone">Zone of the client's node; null when it has none.</param>
public sealed record ServiceView(ServiceFacts Service, ImmutableDictionary<string, EndpointFacts> Endpoints, string? ClientZone)
{
    private const string ZoneLabel = "topology.kubernetes.io/zone";

    /// <summary>Reads the objects.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="load">The load, which names the Service.</param>
    /// <param name="clientNode">Node of the client.</param>
    /// <param name="epochUnixSeconds">When the load began, s since 1970.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<ServiceView> ReadAsync(Kubernetes cluster, LoadSpec load, string clientNode, double epochUnixSeconds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(load);
        var service = await cluster.CoreV1.ReadNamespacedServiceAsync(load.Service, load.Namespace, cancellationToken: cancellationToken);
        var slices = await EndpointSlices.ListAsync(cluster, load.Namespace, load.Service, cancellationToken);
        var pods = await cluster.CoreV1.ListNamespacedPodAsync(load.Namespace, cancellationToken: cancellationToken);
        var nodes = await cluster.CoreV1.ListNodeAsync(cancellationToken: cancellationToken);
        var zones = nodes.Items.Where(n => n.GetLabel(ZoneLabel) is not null).ToDictionary(n => n.Name(), n => n.GetLabel(ZoneLabel), StringComparer.Ordinal);
        var created = pods.Items.Where(p => p.CreationTimestamp() is not null)
            .ToDictionary(p => p.Name(), p => (p.CreationTimestamp()!.Value - DateTime.UnixEpoch).TotalSeconds - epochUnixSeconds, StringComparer.Ordinal);
        var endpoints = slices.SelectMany(s => s.Endpoints ?? []).Where(e => e.TargetRef is not null).Select(e => KeyValuePair.Create(
            $"{e.TargetRef.NamespaceProperty}/{e.TargetRef.Name}",
            new EndpointFacts(e.Conditions?.Ready is not false, e.Zone ?? zones.GetValueOrDefault(e.NodeName ?? ""), [.. e.Hints?.ForZones?.Select(z => z.Name) ?? []],
                created.TryGetValue(e.TargetRef.Name, out var at) ? at : null)));
        var spec = service.Spec;
        var prefersZone = spec.TrafficDistribution is { Length: > 0 } || service.GetAnnotation("service.kubernetes.io/topology-mode") is "Auto" or "auto";
        return new ServiceView(
            new ServiceFacts(spec.SessionAffinity == "ClientIP", spec.InternalTrafficPolicy == "Local", spec.ExternalTrafficPolicy == "Local", prefersZone, FromOutside: false),
            ImmutableDictionary.CreateRange(StringComparer.Ordinal, endpoints.DistinctBy(e => e.Key)), zones.GetValueOrDefault(clientNode));
    }
}
