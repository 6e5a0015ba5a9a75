using System.Collections.Immutable;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Releases;
using k8s.Models;

namespace CiliumDebugging.Lab.Observing;

/// <summary>The Pods that a Service's EndpointSlices name, and why there are none.</summary>
internal static class ServiceEndpoints
{
    private const int MaxNamed = 3;

    /// <summary>The Pods, by name.</summary>
    /// <param name="slices">The Service's slices.</param>
    /// <param name="pods">The Pods of its namespace by name.</param>
    /// <param name="zones">Zones of nodes.</param>
    /// <param name="ns">The Service's namespace.</param>
    /// <param name="startedAt">When observing began.</param>
    /// <param name="release">Release of the agents; null when unknown.</param>
    public static ImmutableArray<ObservedEndpoint> Of(
        IEnumerable<V1EndpointSlice> slices,
        Dictionary<string, V1Pod> pods,
        Dictionary<string, string> zones,
        string ns,
        DateTimeOffset startedAt,
        CiliumVersion? release = null
    )
    {
        var all = slices
            .SelectMany(s => s.Endpoints ?? [])
            .Where(e => e.NamesPod())
            .DistinctBy(e => e.TargetRef.Name)
            .ToList();
        var isNoneReady = all.TrueForAll(e => e.Conditions?.Ready is false || e.Conditions?.Terminating is true);
        // An unknown release is taken for an old one.
        var lastResort = isNoneReady && release is { } known && ReleaseChanges.TerminatingBackendsServe.In(known);
        ObservedEndpoint EndpointOf(V1Endpoint endpoint)
        {
            var target = endpoint.TargetRef;
            var pod = pods.GetValueOrDefault(target.Name);
            var node = endpoint.NodeName ?? pod?.Spec.NodeName ?? "";
            var age = pod?.CreationTimestamp() - startedAt.UtcDateTime;
            return new ObservedEndpoint(
                new BackendPod(target.Name, target.NamespaceProperty ?? ns, node),
                ServiceReader.FactsOf(endpoint, zones, age?.TotalSeconds),
                endpoint.Conditions?.Terminating is true
            )
            {
                Addresses = [.. endpoint.Addresses ?? []],
                IsLastResort = lastResort && endpoint.Conditions is { Serving: not false, Terminating: true },
            };
        }
        return [.. all.Select(EndpointOf).OrderBy(e => e.Pod.Name, StringComparer.Ordinal)];
    }

    /// <summary>
    /// That clients on some nodes get no answer, because a traffic policy keeps their traffic on a node without a Pod
    /// that serves. Hubble's HTTP metrics count none of it. Tainted nodes, which ordinary Pods do not run on, are left
    /// out.
    /// </summary>
    /// <param name="service">The Service.</param>
    /// <param name="endpoints">Its Pods.</param>
    /// <param name="nodes">The cluster's nodes.</param>
    /// <returns>One line, or none.</returns>
    public static IEnumerable<string> NodesWithout(
        V1Service service,
        ImmutableArray<ObservedEndpoint> endpoints,
        IEnumerable<V1Node> nodes
    )
    {
        if (service.Spec.InternalTrafficPolicy != "Local")
            yield break;
        var serving = endpoints.Where(e => e.Serves).Select(e => e.Pod.Node).ToHashSet(StringComparer.Ordinal);
        var open = nodes.Where(n => n.Spec?.Taints?.Any(t => t.Effect is "NoSchedule" or "NoExecute") is not true);
        var without = open.Select(n => n.Name()).Where(n => !serving.Contains(n)).Order(StringComparer.Ordinal);
        if (Named(without) is { Length: > 0 } named)
            yield return $"internalTrafficPolicy: Local, and no pod of the Service is ready on {named}: clients there "
                + "get no answer, which Hubble's HTTP metrics do not count";
    }

    /// <summary>
    /// That requests go to addresses that no running Pod has, as those of a stale EndpointSlice. Hubble's HTTP metrics
    /// count them for no Pod of the Service.
    /// </summary>
    /// <param name="slices">The Service's slices, with the Pods they have addresses of.</param>
    /// <returns>One line, or none.</returns>
    public static IEnumerable<string> WithoutPods(IEnumerable<V1EndpointSlice> slices)
    {
        var unknown = EndpointSlices.UnknownAddresses(slices);
        if (!unknown.IsEmpty)
            yield return $"EndpointSlice {Named(unknown.Values)} has addresses that no running pod of the Service's "
                + $"namespace has ({Named(unknown.Keys)}): requests that go there are not counted for any pod";
    }

    /// <summary>That a Service is a name of something outside.</summary>
    public static ObservationException IsExternalName(V1Service service) =>
        NoPods(service, "is an ExternalName, which has no pods: name a Service that has some");

    /// <summary>That there are no Pods, and what there is instead.</summary>
    public static ObservationException HasNoPods(V1Service service, IEnumerable<V1EndpointSlice> slices)
    {
        var endpoints = slices.SelectMany(s => s.Endpoints ?? []).ToList();
        var others = endpoints
            .Where(e => e.TargetRef is not null)
            .Select(e => $"{e.TargetRef.Kind} {e.TargetRef.Name}");
        var addresses = endpoints.Where(e => e.HasAddressOnly()).Select(e => e.Addresses[0]);
        var list = $"(kubectl -n {service.Namespace()} get endpointslices)";
        return NoPods(
            service,
            Named(others) is { Length: > 0 } named ? $"has no pods: its EndpointSlices name {named} instead {list}"
                : Named(addresses) is { Length: > 0 } given
                    ? $"has no pods: its EndpointSlices have addresses ({given}) that no running pod of its namespace has"
                : $"has no pods: its EndpointSlices name none {list}"
        );
    }

    private static ObservationException NoPods(V1Service service, string why) =>
        new($"Service {service.Namespace()}/{service.Name()} {why}", problem: ObservationProblem.NoPods);

    private static string Named(IEnumerable<string> names)
    {
        var all = names.Distinct(StringComparer.Ordinal).ToList();
        var more = all.Count > MaxNamed ? $" and {all.Count - MaxNamed} more" : "";
        return string.Join(", ", all.Take(MaxNamed)) + more;
    }
}
