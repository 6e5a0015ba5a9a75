using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Validation;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>What a workload's selector means, and what follows for the owners of what it selects.</summary>
internal static class PodSelection
{
    public static bool Selects(V1LabelSelector selector, V1ObjectMeta? metadata)
    {
        string? Label(string key) =>
            metadata?.Labels is { } labels && labels.TryGetValue(key, out var value) ? value : null;
        return (selector.MatchLabels ?? new Dictionary<string, string>()).All(l => Label(l.Key) == l.Value)
            && (selector.MatchExpressions ?? []).All(e => LabelRules.Holds(e.OperatorProperty, e.Values, Label(e.Key)));
    }

    /// <summary>
    /// Which objects a controller releases, because its selector no longer selects them, and which it adopts: those of
    /// its namespace that have no controller.
    /// </summary>
    public static (List<T> Released, List<T> Adopted) Claims<T>(
        IMetadata<V1ObjectMeta> owner,
        V1LabelSelector selector,
        IEnumerable<T> own,
        IEnumerable<T> orphans
    )
        where T : IMetadata<V1ObjectMeta> =>
        owner.Metadata.DeletionTimestamp is not null
            ? ([], [])
            : (
                [.. own.Where(o => !Selects(selector, o.Metadata))],
                [
                    .. orphans.Where(o =>
                        o.Metadata.NamespaceProperty == owner.Metadata.NamespaceProperty
                        && o.Metadata.DeletionTimestamp is null
                        && Selects(selector, o.Metadata)
                    ),
                ]
            );

    /// <summary>The patch that makes another controller, or none, the owner of an object.</summary>
    public static object HandOver(IMetadata<V1ObjectMeta> o, IKubernetesObject<V1ObjectMeta>? owner)
    {
        var owners = (o.Metadata.OwnerReferences ?? [])
            .Where(r => r.Controller is not true)
            .Concat(owner is null ? [] : [PodTemplates.Owner(owner)])
            .ToList();
        // The uid: not a successor of the same name.
        var ownerReferences = owners.Count == 0 ? null : JsonNode.Parse(KubernetesJson.Serialize(owners));
        return new { metadata = new { uid = o.Metadata.Uid, ownerReferences } };
    }
}
