using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// A Service's EndpointSlices. Clusters before Kubernetes 1.21 serve only discovery.k8s.io/v1beta1; that of the
/// original report is one of 1.19.
/// </summary>
internal static class EndpointSlices
{
    /// <summary>Label with the name of the Service that a slice belongs to.</summary>
    public const string ServiceLabel = "kubernetes.io/service-name";

    /// <summary>Label with the name of what maintains a slice.</summary>
    public const string ManagerLabel = "endpointslice.kubernetes.io/managed-by";

    public static async Task<IList<V1EndpointSlice>> ListAsync(
        Kubernetes cluster,
        string ns,
        string service,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var selector = $"{ServiceLabel}={service}";
        try
        {
            return (
                await cluster.DiscoveryV1.ListNamespacedEndpointSliceAsync(
                    ns,
                    labelSelector: selector,
                    cancellationToken: cancellationToken
                )
            ).Items;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound)
        {
            var beta = await cluster.CustomObjects.ListNamespacedCustomObjectAsync(
                "discovery.k8s.io",
                "v1beta1",
                ns,
                "endpointslices",
                labelSelector: selector,
                cancellationToken: cancellationToken
            );
            return
            [
                .. JsonNode.Parse(JsonSerializer.Serialize(beta))!["items"]!
                    .AsArray()
                    .Select(s => FromBeta(s!.AsObject())),
            ];
        }
    }

    /// <summary>Whether an endpoint names a Pod. A manual slice may name something else.</summary>
    public static bool NamesPod(this V1Endpoint endpoint) => endpoint.TargetRef is { Kind: "Pod", Name.Length: > 0 };

    /// <summary>Whether an endpoint names nothing and has an address, as those of manual slices.</summary>
    public static bool HasAddressOnly(this V1Endpoint endpoint) =>
        endpoint.TargetRef is null && endpoint.Addresses is [_, ..];

    /// <summary>Names the running Pods that endpoints have only the addresses of.</summary>
    /// <param name="slices">The slices, which are changed.</param>
    /// <param name="pods">The Pods that may be behind them.</param>
    public static void NamePods(IEnumerable<V1EndpointSlice> slices, IEnumerable<V1Pod> pods)
    {
        var byAddress = pods.Where(p => p.Spec.HostNetwork is not true && p.Status?.Phase == "Running")
            .SelectMany(p => AddressesOf(p).Select(address => (Address: address, Pod: p)))
            .DistinctBy(p => p.Address, StringComparer.Ordinal)
            .ToDictionary(p => p.Address, p => p.Pod, StringComparer.Ordinal);
        foreach (var endpoint in slices.SelectMany(s => s.Endpoints ?? []).Where(e => e.HasAddressOnly()))
        {
            if (endpoint.Addresses.Select(byAddress.GetValueOrDefault).OfType<V1Pod>().FirstOrDefault() is not { } pod)
                continue;
            endpoint.TargetRef = new V1ObjectReference
            {
                Kind = "Pod",
                Name = pod.Name(),
                NamespaceProperty = pod.Namespace(),
            };
            endpoint.NodeName ??= pod.Spec.NodeName;
        }
    }

    /// <summary>The ready addresses that belong to no running Pod, with the name of their slice.</summary>
    /// <param name="slices">The slices, after <see cref="NamePods"/>.</param>
    public static ImmutableSortedDictionary<string, string> UnknownAddresses(IEnumerable<V1EndpointSlice> slices) =>
        slices
            .SelectMany(s => s.Endpoints ?? [], (slice, endpoint) => (Slice: slice.Name(), Endpoint: endpoint))
            .Where(e => e.Endpoint.HasAddressOnly() && e.Endpoint.Conditions?.Ready is not false)
            .DistinctBy(e => e.Endpoint.Addresses[0], StringComparer.Ordinal)
            .ToImmutableSortedDictionary(e => e.Endpoint.Addresses[0], e => e.Slice, StringComparer.Ordinal);

    private static IEnumerable<string> AddressesOf(V1Pod pod) =>
        (pod.Status.PodIPs ?? [])
            .Select(a => a.Ip)
            .Append(pod.Status.PodIP)
            .OfType<string>()
            .Distinct(StringComparer.Ordinal);

    /// <summary>
    /// The port that the Pods behind a port of their Service listen on, to which policies apply. It is the Service's
    /// own where its slices do not name one.
    /// </summary>
    public static int PodPort(V1Service service, IEnumerable<V1EndpointSlice> slices, int port)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(slices);
        var name = service.Spec.Ports?.FirstOrDefault(p => p.Port == port || p.NodePort == port)?.Name ?? "";
        return slices
            .SelectMany(s => s.Ports ?? [])
            .FirstOrDefault(p => (p.Name ?? "") == name && p.Port is not null)
            ?.Port
            ?? port;
    }

    /// <summary>v1beta1 has node and zone of an endpoint as labels of its topology.</summary>
    private static V1EndpointSlice FromBeta(JsonObject slice)
    {
        foreach (var endpoint in (slice["endpoints"]?.AsArray() ?? []).OfType<JsonObject>())
        {
            var topology = endpoint["topology"] as JsonObject;
            endpoint.Remove("topology");
            endpoint["nodeName"] ??= (string?)topology?["kubernetes.io/hostname"];
            endpoint["zone"] ??= (string?)topology?["topology.kubernetes.io/zone"];
        }
        slice["apiVersion"] = "discovery.k8s.io/v1";
        return KubernetesJson.Deserialize<V1EndpointSlice>(slice.ToJsonString());
    }
}
