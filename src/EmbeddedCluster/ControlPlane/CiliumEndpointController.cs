using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.EmbeddedCluster.Network;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// Writes what an agent knows of each Pod with an address: a CiliumEndpoint of the Pod's name, with its identity. The
/// Pod owns it, so that both are deleted together. For people and for diagnosis; the datapath does not read it.
/// </summary>
internal sealed class CiliumEndpointController(IKubernetes api, ClusterCache cache, LiveDatapath datapath)
{
    /// <summary>Cilium numbers the identities of Pods from 256 on; those below are reserved.</summary>
    private const int FirstPodIdentity = 256;

    private readonly Dictionary<string, int> _written = new(StringComparer.Ordinal);

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var pods = cache.Pods.Objects;
        foreach (var uid in _written.Keys.Where(uid => !pods.ContainsKey(uid)).ToList())
            _written.Remove(uid);
        var changed = datapath
            .Cluster.Pods.Values.Where(e =>
                pods.ContainsKey(e.Uid) && _written.GetValueOrDefault(e.Uid, -1) != e.Identity.Id
            )
            .ToList();
        await Reconciler.EachAsync(
            changed,
            entry => WriteAsync(entry, pods[entry.Uid], cancellationToken),
            cancellationToken
        );
    }

    private async Task WriteAsync(PodEntry entry, V1Pod pod, CancellationToken cancellationToken)
    {
        var (endpoints, status) = (api.CustomObjects, Status(entry, pod));
        const string group = "cilium.io";
        const string version = "v2";
        const string plural = "ciliumendpoints";
        if (_written.ContainsKey(entry.Uid))
            await endpoints.PatchNamespacedCustomObjectStatusAsync(
                MergePatches.Of(new { status }),
                group,
                version,
                entry.Namespace,
                plural,
                entry.Name,
                cancellationToken: cancellationToken
            );
        else
        {
            var owners = new JsonArray(JsonSerializer.SerializeToNode(PodTemplates.Owner(pod)));
            var created = new JsonObject
            {
                ["apiVersion"] = $"{group}/{version}",
                ["kind"] = "CiliumEndpoint",
                ["metadata"] = new JsonObject { ["name"] = entry.Name, ["ownerReferences"] = owners },
                ["status"] = status,
            };
            await endpoints.CreateNamespacedCustomObjectAsync(
                created,
                group,
                version,
                entry.Namespace,
                plural,
                cancellationToken: cancellationToken
            );
        }
        _written[entry.Uid] = entry.Identity.Id;
    }

    private static JsonObject Status(PodEntry entry, V1Pod pod)
    {
        var labels = entry.Identity.Labels.Select(l => (JsonNode)$"{l.Source}:{l.Key}={l.Value}");
        var ports = entry.Identity.NamedPorts.Select(p =>
            Json.Object(("name", p.Name), ("port", (int)p.Port), ("protocol", "TCP"))
        );
        var address = new JsonObject { ["ipv4"] = TcpEndpoint.ToIPAddress(entry.Address).ToString() };
        return new JsonObject
        {
            // An endpoint's number is its node's own; the last byte of the address is unique there.
            ["id"] = entry.Address & 0xFF,
            ["state"] = "ready",
            ["identity"] = new JsonObject
            {
                ["id"] = FirstPodIdentity + entry.Identity.Id,
                ["labels"] = new JsonArray([.. labels]),
            },
            ["networking"] = new JsonObject { ["node"] = pod.Status?.HostIP, ["addressing"] = new JsonArray(address) },
            ["named-ports"] = new JsonArray([.. ports]),
            ["external-identifiers"] = Json.Object(
                ("k8s-namespace", entry.Namespace),
                ("k8s-pod-name", entry.Name),
                ("pod-name", entry.HubbleName)
            ),
        };
    }
}
