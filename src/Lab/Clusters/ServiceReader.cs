using System.Collections.Immutable;
using System.Net;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Diagnosis;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// A Service as the cluster's objects describe it: its spec, and its Pods' readiness, zones and ages.
/// </summary>
/// <param name="Service">The spec.</param>
/// <param name="Endpoints">The Pods, by <c>namespace/pod</c>.</param>
/// <param name="ClientZone">Zone of the client's node; null when it has none.</param>
/// <param name="EntryNode">Node whose address the load is sent to; null when it is none's.</param>
public sealed record ServiceReader(
    ServiceFacts Service,
    ImmutableDictionary<string, EndpointFacts> Endpoints,
    string? ClientZone,
    string? EntryNode
)
{
    /// <summary>Ready addresses of its EndpointSlices that no running Pod of its namespace has, with the name of their
    /// slice.</summary>
    public ImmutableSortedDictionary<string, string> UnknownAddresses { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Nothing is known of it.</summary>
    public static ServiceReader Unknown { get; } =
        new(ServiceFacts.Unknown, ImmutableDictionary<string, EndpointFacts>.Empty, null, null);

    /// <summary>Label of a node with its zone.</summary>
    internal const string ZoneLabel = "topology.kubernetes.io/zone";

    public static async Task<ServiceReader> ReadAsync(
        Kubernetes cluster,
        LoadSpec load,
        string clientNode,
        double epochUnixSeconds,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(load);
        var service = await cluster.ServiceOfAsync(load, cancellationToken);
        var slices = await cluster.SlicesOfAsync(load, cancellationToken);
        var pods = await cluster.CoreV1.ListNamespacedPodAsync(load.Namespace, cancellationToken: cancellationToken);
        var nodes = await cluster.CoreV1.ListNodeAsync(cancellationToken: cancellationToken);
        var zones = nodes
            .Items.Where(n => n.GetLabel(ZoneLabel) is not null)
            .ToDictionary(n => n.Name(), n => n.GetLabel(ZoneLabel), StringComparer.Ordinal);
        var created = pods
            .Items.Where(p => p.CreationTimestamp() is not null)
            .ToDictionary(
                p => p.Name(),
                p => (p.CreationTimestamp()!.Value - DateTime.UnixEpoch).TotalSeconds - epochUnixSeconds,
                StringComparer.Ordinal
            );
        var endpoints = slices
            .SelectMany(s => s.Endpoints ?? [])
            .Where(e => e.NamesPod())
            .Select(e =>
                KeyValuePair.Create(
                    $"{e.TargetRef.NamespaceProperty}/{e.TargetRef.Name}",
                    FactsOf(e, zones, created.TryGetValue(e.TargetRef.Name, out var at) ? at : null)
                )
            );
        return new ServiceReader(
            FactsOf(service, FromOutside(load)),
            ImmutableDictionary.CreateRange(StringComparer.Ordinal, endpoints.DistinctBy(e => e.Key)),
            zones.GetValueOrDefault(clientNode),
            nodes.Items.FirstOrDefault(n => n.Status?.Addresses?.Any(a => a.Address == load.Url.Host) is true)?.Name()
        )
        {
            UnknownAddresses = EndpointSlices.UnknownAddresses(slices),
        };
    }

    /// <summary>A Service's spec.</summary>
    internal static ServiceFacts FactsOf(V1Service service, bool fromOutside)
    {
        var spec = service.Spec;
        var prefersZone =
            spec.TrafficDistribution is { Length: > 0 }
            || service.GetAnnotation("service.kubernetes.io/topology-mode") is "Auto" or "auto";
        return new ServiceFacts(
            spec.SessionAffinity == "ClientIP",
            spec.InternalTrafficPolicy == "Local",
            spec.ExternalTrafficPolicy == "Local",
            prefersZone,
            fromOutside
        );
    }

    /// <summary>An endpoint of a slice.</summary>
    internal static EndpointFacts FactsOf(V1Endpoint endpoint, Dictionary<string, string> zones, double? createdAt) =>
        new(
            endpoint.Conditions?.Ready is not false,
            endpoint.Zone ?? zones.GetValueOrDefault(endpoint.NodeName ?? ""),
            [.. endpoint.Hints?.ForZones?.Select(z => z.Name) ?? []],
            createdAt
        );

    /// <summary>
    /// A load that is sent to an address, not to a Service's name, arrives from outside: by a node port or load
    /// balancer.
    /// </summary>
    internal static bool FromOutside(LoadSpec load) => IPAddress.TryParse(load.Url.Host, out _);
}
