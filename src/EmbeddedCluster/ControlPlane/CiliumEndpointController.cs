using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.EmbeddedCluster.Network;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// Writes what an agent knows of each Pod with an address: a CiliumEndpoint of the Pod's name, with its identity. The Pod owns it, so that it goes with it. For people and for diagnosis; the datapath does not read it.
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
        var status = Status(entry, pod);
        if (_written.ContainsKey(entry.Uid))
            await api.CustomObjects.PatchNamespacedCustomObjectStatusAsync(
                new V1Patch(new JsonObject { ["status"] = status }.ToJsonString(), V1Patch.PatchType.MergePatch),
                "cilium.io",
                "v2",
                entry.Namespace,
                "ciliumendpoints",
                entry.Name,
                cancellationToken: cancellationToken
            );
        else
            await api.CustomObjects.CreateNamespacedCustomObjectAsync(
                new JsonObject
                {
                    ["apiVersion"] = "cilium.io/v2",
                    ["kind"] = "CiliumEndpoint",
                    ["metadata"] = new JsonObject
                    {
                        ["name"] = entry.Name,
                        ["ownerReferences"] = new JsonArray(JsonSerializer.SerializeToNode(PodTemplates.Owner(pod))),
                    },
                    ["status"] = status,
                },
                "cilium.io",
                "v2",
                entry.Namespace,
                "ciliumendpoints",
                cancellationToken: cancellationToken
            );
        _written[entry.Uid] = entry.Identity.Id;
    }

    private static JsonObject Status(PodEntry entry, V1Pod pod) =>
        new()
        {
            // An endpoint's number is its node's own; the last byte of the address is unique there.
            ["id"] = entry.Address & 0xFF,
            ["state"] = "ready",
            ["identity"] = new JsonObject
            {
                ["id"] = FirstPodIdentity + entry.Identity.Id,
                ["labels"] = new JsonArray([
                    .. entry.Identity.Labels.Select(l => (JsonNode)$"{l.Source}:{l.Key}={l.Value}").ToArray(),
                ]),
            },
            ["networking"] = new JsonObject
            {
                ["node"] = pod.Status?.HostIP,
                ["addressing"] = new JsonArray(
                    new JsonObject { ["ipv4"] = TcpEndpoint.ToIPAddress(entry.Address).ToString() }
                ),
            },
            ["named-ports"] = new JsonArray([
                .. entry.Identity.NamedPorts.Select(p =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["name"] = p.Name,
                            ["port"] = (int)p.Port,
                            ["protocol"] = "TCP",
                        }
                ),
            ]),
            ["external-identifiers"] = new JsonObject
            {
                ["k8s-namespace"] = entry.Namespace,
                ["k8s-pod-name"] = entry.Name,
                ["pod-name"] = entry.HubbleName,
            },
        };
}
