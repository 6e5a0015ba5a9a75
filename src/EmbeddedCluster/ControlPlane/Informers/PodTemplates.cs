using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

/// <summary>Pods from templates, as every workload controller makes them.</summary>
internal static class PodTemplates
{
    private const string Alphabet = CiliumDebugging.ClusterModel.PodNames.Alphabet;

    /// <summary>The pod-template-hash: FNV-1a of the template in the digits of Kubernetes's names, such as <c>64d7c5984b</c>. The order of members does not count, nor do empty ones: clients in Go send those of their structs.</summary>
    public static string Hash(V1PodTemplateSpec template)
    {
        var hash = 2_166_136_261u;
        foreach (
            var b in Encoding.UTF8.GetBytes(
                Sorted(JsonNode.Parse(KubernetesJson.Serialize(template)))?.ToJsonString() ?? ""
            )
        )
            hash = (hash ^ b) * 16_777_619u;
        return string.Concat(
            hash.ToString(CultureInfo.InvariantCulture).Select(digit => Alphabet[digit % Alphabet.Length])
        );
    }

    /// <summary>A Pod of a template, named after its owner by the API server.</summary>
    /// <param name="template">The template.</param>
    /// <param name="owner">The controller, which the Pod goes with.</param>
    /// <param name="labels">Labels on top of the template's.</param>
    /// <param name="namePrefix">Prefix of the name; null: the owner's name and a hyphen.</param>
    public static V1Pod Instantiate(
        V1PodTemplateSpec template,
        IKubernetesObject<V1ObjectMeta> owner,
        IEnumerable<KeyValuePair<string, string>> labels,
        string? namePrefix = null
    )
    {
        var copy = KubernetesJson.Deserialize<V1PodTemplateSpec>(KubernetesJson.Serialize(template));
        var all = new Dictionary<string, string>(
            copy.Metadata?.Labels ?? new Dictionary<string, string>(),
            StringComparer.Ordinal
        );
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

    /// <summary>Whether a Pod still counts as a replica.</summary>
    public static bool IsActive(V1Pod pod) =>
        pod.Metadata.DeletionTimestamp is null && pod.Status?.Phase is not ("Succeeded" or "Failed");

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
