using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>
/// One version of an object. Immutable, so it is shared freely between threads, the watch history and responses.
/// </summary>
public sealed class StoredObject
{
    private static readonly JsonDocumentOptions s_anyDepth = new() { MaxDepth = JsonTree.MaxDepth * 4 };

    private JsonObject? _view;

    internal StoredObject(ResourceKind kind, JsonObject view, long resourceVersion)
    {
        Kind = kind;
        Json = JsonSerializer.SerializeToUtf8Bytes(view, JsonTree.Compact);
        ResourceVersion = resourceVersion;
        var metadata = view["metadata"]!.AsObject();
        Namespace = metadata.Text("namespace") ?? "";
        Name = metadata.Text("name")!;
        Uid = metadata.Text("uid")!;
        Labels = metadata.Object("labels") is { Count: > 0 } labels
            ? [.. labels.Select(l => KeyValuePair.Create(l.Key, l.Value!.GetValue<string>()))]
            : [];
        Fields = kind.SelectableFields.Count == 0 ? [] : [.. kind.SelectableFields.Select(view.TextAt)];
    }

    public ResourceKind Kind { get; }

    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    public long ResourceVersion { get; }

    /// <summary>The object as UTF-8 JSON, the very bytes that the API sends.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>
    /// The object as a tree. Shared: never to be changed. A tree takes many times the memory of its JSON, so versions
    /// that only the history still holds give theirs up; it is parsed again when needed.
    /// </summary>
    internal JsonObject View
    {
        get
        {
            if (Volatile.Read(ref _view) is { } known)
                return known;
            var view = Copy();
            JsonTree.Materialise(view);
            Volatile.Write(ref _view, view);
            return view;
        }
    }

    internal IReadOnlyList<KeyValuePair<string, string>> Labels { get; }

    /// <summary>What field selectors look at: values of the kind's SelectableFields, in that order.</summary>
    internal IReadOnlyList<string> Fields { get; }

    internal ObjectKey Key => new(Namespace, Name);

    /// <summary>A copy that the caller owns and may change.</summary>
    public JsonObject Copy() => JsonNode.Parse(Json.Span, documentOptions: s_anyDepth)!.AsObject();

    /// <summary>The Status that answers a deletion of something whose body is not returned.</summary>
    internal JsonObject DeletedStatus()
    {
        var details = ApiStatus.About(Kind.Plural, Kind.Group, Name);
        details["uid"] = Uid;
        return new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        };
    }

    /// <summary>Gives up the tree: this version is no longer the present one.</summary>
    internal void Supersede() => Volatile.Write(ref _view, null);

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
