using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>A Kubernetes object as it is written and applied.</summary>
/// <param name="Object">The object, with apiVersion and kind.</param>
public sealed record Manifest(JsonObject Object)
{
    /// <summary>The kinds of the lab, with their plurals.</summary>
    private static readonly FrozenDictionary<string, string> s_plurals = new Dictionary<string, string>(
        StringComparer.Ordinal
    )
    {
        ["Namespace"] = "namespaces",
        ["ServiceAccount"] = "serviceaccounts",
        ["ConfigMap"] = "configmaps",
        ["Service"] = "services",
        ["Deployment"] = "deployments",
        ["Job"] = "jobs",
        ["Role"] = "roles",
        ["RoleBinding"] = "rolebindings",
        ["ClusterRole"] = "clusterroles",
        ["ClusterRoleBinding"] = "clusterrolebindings",
        ["CiliumNetworkPolicy"] = "ciliumnetworkpolicies",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public string Kind => (string)Object["kind"]!;

    /// <summary><c>v1</c> or <c>apps/v1</c>.</summary>
    public string ApiVersion => (string)Object["apiVersion"]!;

    public string Name => (string)Object["metadata"]!["name"]!;

    /// <summary>Null for an object of the whole cluster.</summary>
    public string? Namespace => (string?)Object["metadata"]!["namespace"];

    /// <summary>Path in the API, without a leading slash.</summary>
    public string Path => Reference.Path;

    /// <summary>For messages: <c>Deployment backend/backend-1</c>.</summary>
    public override string ToString() => Reference.Title;

    private ObjectReference Reference => ObjectReference.Of(Kind, ApiVersion, s_plurals[Kind], Namespace ?? "", Name);

    /// <summary>From a model of KubernetesClient, with the owner's label.</summary>
    public static Manifest Of<T>(T value)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        value.Initialize();
        value.Metadata.EnsureLabels()[Ownership.Label] = Ownership.Name;
        return new Manifest(JsonNode.Parse(KubernetesJson.Serialize(value))!.AsObject());
    }

    /// <summary>From JSON, with the owner's label.</summary>
    public static Manifest Of(JsonObject value)
    {
        var copy = value.DeepClone().AsObject();
        var metadata = copy["metadata"]!.AsObject();
        metadata["labels"] ??= new JsonObject();
        metadata["labels"]![Ownership.Label] = Ownership.Name;
        return new Manifest(copy);
    }

    /// <summary>Objects as one YAML file.</summary>
    public static string ToYaml(IEnumerable<Manifest> manifests) =>
        string.Join("---\n", manifests.Select(m => YamlText.Write(Plain(m.Object)!)));

    /// <summary>JSON as plain objects for a serializer, in the order of its fields.</summary>
    private static object? Plain(JsonNode? node) =>
        node switch
        {
            JsonObject map => map.ToDictionary(f => f.Key, f => Plain(f.Value)),
            JsonArray list => list.Select(Plain).ToList(),
            JsonValue value => value.GetValueKind() switch
            {
                JsonValueKind.String => value.GetValue<string>(),
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => value.TryGetValue<long>(out var integer) ? integer : value.GetValue<double>(),
            },
            _ => null,
        };
}
