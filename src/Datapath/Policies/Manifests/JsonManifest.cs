using System.Text.Json;
using System.Text.Json.Nodes;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Builds a manifest from a JSON object.</summary>
internal static class JsonManifest
{
    /// <summary>Converts an object.</summary>
    /// <exception cref="ManifestException">It exceeds a limit, has a key twice or holds something other than
    /// JSON.</exception>
    public static ManifestNode Read(JsonObject document)
    {
        long nodes = 0;
        try
        {
            return Node(document, 0, ref nodes);
        }
        catch (ArgumentException)
        {
            // JsonObject looks for repeated keys when it is first enumerated.
            throw new ManifestException(0, "a key appears twice in one object");
        }
        catch (Exception exception)
            when (exception is JsonException or InvalidOperationException or NotSupportedException)
        {
            throw new ManifestException(0, $"this is not JSON: {exception.Message}");
        }
    }

    private static ManifestNode Node(JsonNode? json, int depth, ref long nodes)
    {
        if (depth > ManifestLimits.MaxDepth)
            throw new ManifestException(0, $"values are nested deeper than {ManifestLimits.MaxDepth} levels");
        if (++nodes > ManifestLimits.MaxNodes)
            throw new ManifestException(0, $"the object has more than {ManifestLimits.MaxNodes} values");
        switch (json)
        {
            case null:
                return new ManifestNode(ManifestType.Null, 0, "");
            case JsonObject map:
                var result = new ManifestNode(ManifestType.Map, 0, "");
                foreach ((string key, JsonNode? value) in map)
                    result.Fields.Add((key, 0, Node(value, depth + 1, ref nodes)));
                return result;
            case JsonArray list:
                var items = new ManifestNode(ManifestType.List, 0, "");
                foreach (JsonNode? item in list)
                    items.Items.Add(Node(item, depth + 1, ref nodes));
                return items;
            default:
                return Scalar(json);
        }
    }

    private static ManifestNode Scalar(JsonNode json)
    {
        string text = json.ToJsonString();
        return json.GetValueKind() switch
        {
            JsonValueKind.String => new ManifestNode(
                ManifestType.Text,
                0,
                JsonSerializer.Deserialize<string>(text) ?? ""
            ),
            JsonValueKind.Number when text.AsSpan().IndexOfAny(".eE") < 0 => new ManifestNode(
                ManifestType.Integer,
                0,
                text
            ),
            JsonValueKind.Number => new ManifestNode(ManifestType.Number, 0, text),
            JsonValueKind.True or JsonValueKind.False => new ManifestNode(ManifestType.Boolean, 0, text),
            JsonValueKind.Null => new ManifestNode(ManifestType.Null, 0, ""),
            _ => throw new ManifestException(0, "a value is neither a text, a number, a boolean, a list nor an object"),
        };
    }
}
