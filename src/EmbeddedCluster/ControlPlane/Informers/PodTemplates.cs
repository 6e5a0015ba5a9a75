using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

/// <summary>Pods from templates, as every workload controller makes them.</summary>
internal static class PodTemplates
{
    /// <summary>
    /// The pod-template-hash: FNV-1a of the template in the digits of Kubernetes's names, such as <c>64d7c5984b</c>.
    /// The order of members does not count, nor do empty ones: clients in Go send those of their structs.
    /// </summary>
    public static string Hash(V1PodTemplateSpec template)
    {
        var json = Sorted(JsonNode.Parse(KubernetesJson.Serialize(template)))?.ToJsonString() ?? "";
        var hash = Encoding.UTF8.GetBytes(json).Aggregate(2_166_136_261u, (h, b) => (h ^ b) * 16_777_619u);
        return string.Concat($"{hash}".Select(digit => PodNames.Alphabet[digit % PodNames.Alphabet.Length]));
    }

    /// <summary>
    /// A Pod of a template, with further labels, deleted with its owner. The API server completes the name from the
    /// prefix (null: the owner's name and a hyphen).
    /// </summary>
    public static V1Pod Instantiate(
        V1PodTemplateSpec template,
        IKubernetesObject<V1ObjectMeta> owner,
        IEnumerable<KeyValuePair<string, string>> labels,
        string? namePrefix = null
    )
    {
        var copy = KubernetesJson.Deserialize<V1PodTemplateSpec>(KubernetesJson.Serialize(template));
        var all = new Dictionary<string, string>(copy.Metadata?.Labels ?? new Dictionary<string, string>());
        foreach (var (key, value) in labels)
            all[key] = value;
        return new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                GenerateName = namePrefix ?? $"{owner.Name()}-",
                NamespaceProperty = owner.Namespace(),
                Labels = all,
                Annotations = copy.Metadata?.Annotations,
                OwnerReferences = [Owner(owner)],
            },
            Spec = copy.Spec,
        };
    }

    /// <summary>The reference by which an object belongs to its controller.</summary>
    public static V1OwnerReference Owner(IKubernetesObject<V1ObjectMeta> owner)
    {
        var type = owner.GetKubernetesTypeMetadata();
        return new V1OwnerReference
        {
            ApiVersion = type.Group.Length == 0 ? type.ApiVersion : $"{type.Group}/{type.ApiVersion}",
            Kind = type.Kind,
            Name = owner.Name(),
            Uid = owner.Uid(),
            Controller = true,
            BlockOwnerDeletion = true,
        };
    }

    public static bool IsBeingDeleted(this IMetadata<V1ObjectMeta> o) => o.Metadata.DeletionTimestamp is not null;

    /// <summary>Whether a Pod still counts as a replica.</summary>
    public static bool IsActive(V1Pod pod) =>
        !pod.IsBeingDeleted() && pod.Status?.Phase is not ("Succeeded" or "Failed");

    public static V1ContainerPort TcpPort(string name, int port) =>
        new()
        {
            Name = name,
            ContainerPort = port,
            Protocol = "TCP",
        };

    private static JsonNode? Sorted(JsonNode? node) =>
        node switch
        {
            JsonObject o => new JsonObject(
                o.OrderBy(m => m.Key, StringComparer.Ordinal)
                    .Select(m => KeyValuePair.Create(m.Key, Sorted(m.Value)))
                    .Where(m => m.Value is not (null or JsonObject { Count: 0 } or JsonArray { Count: 0 }))
            ),
            JsonArray a => new JsonArray([.. a.Select(Sorted)]),
            _ => node?.DeepClone(),
        };
}
