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

    private readonly Dictionary<string, (int Identity, string? Error)> _written = new(StringComparer.Ordinal);

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var pods = cache.Pods.Objects;
        foreach (var uid in _written.Keys.Where(uid => !pods.ContainsKey(uid)).ToList())
            _written.Remove(uid);
        var policies = datapath.Cluster.Policies;
        var changed = datapath
            .Cluster.Pods.Values.Where(e => pods.ContainsKey(e.Uid))
            .Select(e => (Entry: e, Error: policies.RegenerationError(e.Identity)))
            .Where(e => _written.GetValueOrDefault(e.Entry.Uid, (-1, null)) != (e.Entry.Identity.Id, e.Error))
            .ToList();
        await Reconciler.EachAsync(
            changed,
            e => WriteAsync(e.Entry, pods[e.Entry.Uid], e.Error, cancellationToken),
            cancellationToken
        );
    }

    private async Task WriteAsync(PodEntry entry, V1Pod pod, string? error, CancellationToken cancellationToken)
    {
        var (endpoints, status) = (api.CustomObjects, Status(entry, pod, error));
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
        _written[entry.Uid] = (entry.Identity.Id, error);
    }

    /// <param name="entry">The endpoint.</param>
    /// <param name="pod">Its Pod.</param>
    /// <param name="error">Why its policy cannot be realised; null: it can.</param>
    private static JsonObject Status(PodEntry entry, V1Pod pod, string? error)
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
            ["state"] = error is null ? "ready" : "not-ready",
            ["log"] = error is null
                ? new JsonArray()
                : new JsonArray(Json.Object(("code", "Failure"), ("message", error), ("state", "not-ready"))),
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
