using System.Collections.Immutable;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>A Pod behind a Service, as far as it matters for its share.</summary>
/// <param name="Serves">New connections may go to it: it is ready and not terminating, or the last resort.</param>
/// <param name="HintedZones">Zones that the EndpointSlice's hints give it to; empty without hints.</param>
public readonly record struct WeightedEndpoint(string Node, bool Serves, ImmutableArray<string> HintedZones);

/// <summary>The shares that a Service's objects ask for, known before a connection starts.</summary>
public static class ServiceWeights
{
    /// <summary>The shares that clients on a node should give each Pod: Pods that serve, among them those of the node
    /// (internalTrafficPolicy: Local) or those whose hints name the node's zone (only when every such Pod has hints and
    /// one of them names it, as kube-proxy and Cilium do it). Traffic from outside, which an external load balancer
    /// spreads first, expects equal shares.</summary>
    /// <param name="service">The Service's spec.</param>
    /// <param name="node">The clients' node; empty for clients outside of the cluster.</param>
    /// <param name="zone">Zone of that node; null when it has none.</param>
    /// <returns>In the order of <paramref name="endpoints"/>; they sum to 1, or are all 0 where nothing may be
    /// chosen.</returns>
    public static ImmutableArray<double> From(
        IReadOnlyList<WeightedEndpoint> endpoints,
        ServiceFacts service,
        string node,
        string? zone
    )
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(service);
        var serving = endpoints.Where(e => e.Serves).ToList();
        Func<WeightedEndpoint, bool> chosen =
            node.Length > 0 && service is { InternalLocal: true, FromOutside: false } ? e => e.Node == node
            : zone is not null
            && serving.All(e => !e.HintedZones.IsEmpty)
            && serving.Any(e => e.HintedZones.Contains(zone))
                ? e => e.HintedZones.Contains(zone)
            : _ => true;
        var count = serving.Count(chosen);
        return [.. endpoints.Select(e => e.Serves && chosen(e) ? 1.0 / count : 0)];
    }
}
