using System.Text.Json.Nodes;

namespace CiliumDebugging.EmbeddedCluster.Api.Encodings;

/// <summary>JSON objects and arrays in one expression.</summary>
internal static class Json
{
    public static JsonObject Object(params ReadOnlySpan<(string Name, JsonNode? Value)> members)
    {
        var o = new JsonObject();
        foreach (var (name, value) in members)
            o.Add(name, value);
        return o;
    }

    public static JsonArray Array(IEnumerable<JsonNode?> items) => new([.. items]);

    public static JsonArray Array(IEnumerable<string> items) => new([.. items.Select(i => (JsonNode)i)]);
}
