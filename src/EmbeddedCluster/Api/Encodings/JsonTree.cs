using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Encodings;

/// <summary>Reading and strict parsing of JSON trees.</summary>
internal static class JsonTree
{
    /// <summary>Levels of nesting beyond which a body is refused.</summary>
    public const int MaxDepth = 64;

    public static JsonSerializerOptions Compact { get; } =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth * 4 };

    private static readonly JsonDocumentOptions s_strict = new()
    {
        MaxDepth = MaxDepth,
        AllowDuplicateProperties = false,
    };

    /// <summary>Parses JSON in which every string is valid Unicode and no member appears twice.</summary>
    public static Outcome<JsonNode> Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            if (JsonNode.Parse(utf8, documentOptions: s_strict) is not { } node)
                return ApiStatus.BadRequest("the object provided is unrecognized (must be of type Object): null");
            Materialise(node);
            return node;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return ApiStatus.BadRequest($"the body is not valid JSON: {e.Message}");
        }
    }

    /// <summary>
    /// Visits the whole tree. A JsonNode is parsed lazily, on first access: unsafe between threads, and an invalid
    /// escape would only show then.
    /// </summary>
    public static void Materialise(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject o:
                foreach (var (_, child) in o)
                    Materialise(child);
                break;
            case JsonArray a:
                foreach (var child in a)
                    Materialise(child);
                break;
            case JsonValue v when v.GetValueKind() == JsonValueKind.String:
                _ = v.GetValue<string>();
                break;
        }
    }

    /// <summary>Levels of nesting: 0 for a scalar.</summary>
    public static int Depth(JsonNode? node) =>
        node switch
        {
            JsonObject o => 1 + o.Select(m => Depth(m.Value)).DefaultIfEmpty().Max(),
            JsonArray a => 1 + a.Select(Depth).DefaultIfEmpty().Max(),
            _ => 0,
        };

    /// <summary>The string at a member, or null when it is absent or no string.</summary>
    public static string? Text(this JsonObject o, string name) =>
        o[name] is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : null;

    /// <summary>The object at a member, or null when it is absent or no object.</summary>
    public static JsonObject? Object(this JsonObject o, string name) => o[name] as JsonObject;

    /// <summary>The objects in the array at a member; empty when there is none.</summary>
    public static IEnumerable<JsonObject> Objects(this JsonObject? o, string name) =>
        (o?[name] as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The object at a member, created when it is absent or null.</summary>
    public static JsonObject Ensure(this JsonObject o, string name)
    {
        if (o[name] is JsonObject existing)
            return existing;
        var created = new JsonObject();
        o[name] = created;
        return created;
    }

    public static JsonNode? At(this JsonObject o, string path)
    {
        JsonNode? node = o;
        foreach (var part in path.Split('.'))
            node = (node as JsonObject)?[part];
        return node;
    }

    /// <summary>The scalar at a dotted path as text, empty when absent.</summary>
    public static string TextAt(this JsonObject o, string path) =>
        o.At(path) switch
        {
            JsonValue v when v.GetValueKind() == JsonValueKind.String => v.GetValue<string>(),
            JsonValue v => v.ToJsonString(),
            _ => "",
        };

    public static long? NumberAt(this JsonObject o, string path) =>
        o.At(path) is JsonValue v
        && v.GetValueKind() == JsonValueKind.Number
        && long.TryParse(v.ToJsonString(), out var n)
            ? n
            : null;
}
