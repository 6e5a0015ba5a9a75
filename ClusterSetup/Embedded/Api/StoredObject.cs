using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;

namespace CiliumDebugging.ClusterSetup.Embedded.Api;

/// <summary>One version of an object. Immutable, so it is shared freely between threads, the watch history and responses.</summary>
public sealed class StoredObject
{
    internal StoredObject(ResourceKind kind, JsonObject view, long resourceVersion)
    {
        Kind = kind;
        Json = JsonSerializer.SerializeToUtf8Bytes(view, JsonTree.Compact);

        // Parsed again: nobody else holds a reference into this tree.
        View = JsonNode.Parse(Json.Span, documentOptions: new JsonDocumentOptions { MaxDepth = 256 })!.AsObject();
        JsonTree.Materialise(View);
        ResourceVersion = resourceVersion;
        var metadata = view["metadata"]!.AsObject();
        Namespace = metadata.Text("namespace") ?? "";
        Name = metadata.Text("name")!;
        Uid = metadata.Text("uid")!;
    }

    public ResourceKind Kind { get; }

    /// <summary>The namespace; empty for cluster-wide kinds.</summary>
    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    public long ResourceVersion { get; }

    /// <summary>The object as UTF-8 JSON, the very bytes that the API sends.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>The tree itself. Shared: never to be changed.</summary>
    internal JsonObject View { get; }

    internal ObjectKey Key => new(Namespace, Name);

    /// <summary>A copy that the caller owns and may change.</summary>
    public JsonObject Copy() => View.DeepClone().AsObject();

    /// <summary>The object as a KubernetesClient model, such as V1Pod.</summary>
    public T As<T>() => KubernetesJson.Deserialize<T>(new MemoryStream(Json.ToArray(), writable: false));

    public override string ToString() => Namespace.Length == 0 ? $"{Kind} {Name}" : $"{Kind} {Namespace}/{Name}";
}

/// <summary>Where an object is within its kind; ordered as a real server lists.</summary>
internal readonly record struct ObjectKey(string Namespace, string Name) : IComparable<ObjectKey>
{
    public int CompareTo(ObjectKey other)
    {
        var order = string.CompareOrdinal(Namespace, other.Namespace);
        return order != 0 ? order : string.CompareOrdinal(Name, other.Name);
    }
}
