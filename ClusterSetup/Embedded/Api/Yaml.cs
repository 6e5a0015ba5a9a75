using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CiliumDebugging.ClusterSetup.Embedded.Api;

/// <summary>YAML bodies as JSON trees (server-side apply is specified in YAML).</summary>
internal static class Yaml
{
    private const int NodesMax = 100_000;

    /// <summary>Reads one document; aliases are expanded, up to a bound.</summary>
    public static Outcome<JsonNode> Parse(string text)
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            if (yaml.Documents.Count != 1)
                return ApiStatus.BadRequest("the body must be one YAML document");
            var budget = NodesMax;
            return Convert(yaml.Documents[0].RootNode, 0, ref budget) is { } node ? node : ApiStatus.BadRequest("the YAML document is empty");
        }
        catch (Exception e) when (e is YamlException or ArgumentException or InvalidOperationException)
        {
            return ApiStatus.BadRequest($"error parsing YAML: {e.Message}");
        }
    }

    private static JsonNode? Convert(YamlNode node, int depth, ref int budget)
    {
        if (depth > JsonTree.DepthMax || --budget < 0)
            throw new ArgumentException("the document is nested too deeply or too large");
        switch (node)
        {
            case YamlMappingNode map:
                var o = new JsonObject();
                foreach (var (key, value) in map.Children)
                    o.Add((key as YamlScalarNode)?.Value ?? throw new ArgumentException("keys must be scalars"), Convert(value, depth + 1, ref budget));
                return o;
            case YamlSequenceNode sequence:
                var a = new JsonArray();
                foreach (var item in sequence.Children)
                    a.Add(Convert(item, depth + 1, ref budget));
                return a;
            default:
                return Scalar((YamlScalarNode)node);
        }
    }

    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any))
            return text;
        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => true,
            "false" or "False" or "FALSE" => false,
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) => real,
            _ => text,
        };
    }
}
