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
    private const string ServiceLabel = "kubernetes.io/service-name";

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
