using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CiliumDebugging.ClusterSetup.Embedded.Api;

/// <summary>
/// YAML bodies as JSON trees (server-side apply is specified in YAML). Reads parser events: YamlDotNet's own trees are built by recursion without
/// a bound, and a body of 100,000 brackets overflows the stack.
/// </summary>
internal sealed class Yaml
{
    private const int NodesMax = 100_000;

    private readonly Parser _parser;
    private readonly Dictionary<string, JsonNode?> _anchors = [];
    private int _nodes;

    private Yaml(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>Reads one document; aliases are expanded, up to a bound.</summary>
    public static Outcome<JsonNode> Parse(string text)
    {
        try
        {
            var yaml = new Yaml(text);
            yaml._parser.Consume<StreamStart>();
            if (!yaml._parser.TryConsume<DocumentStart>(out _))
                return ApiStatus.BadRequest("the YAML document is empty");
            var node = yaml.Read(0);
            yaml._parser.Consume<DocumentEnd>();
            if (!yaml._parser.TryConsume<StreamEnd>(out _))
                return ApiStatus.BadRequest("the body must be one YAML document");
            if (JsonTree.Depth(node) > JsonTree.DepthMax)
                return ApiStatus.BadRequest("the YAML document is nested too deeply");
            JsonTree.Materialise(node);
            return node is null ? ApiStatus.BadRequest("the YAML document is empty") : node;
        }
        catch (Exception e) when (e is YamlException or ArgumentException or InvalidOperationException)
        {
            return ApiStatus.BadRequest($"error parsing YAML: {e.Message}");
        }
    }

    private JsonNode? Read(int depth)
    {
        if (depth > JsonTree.DepthMax || ++_nodes > NodesMax)
            throw new ArgumentException("the document is nested too deeply or too large");
        if (_parser.TryConsume<AnchorAlias>(out var alias))
            return Expand(alias.Value.Value);
        var anchor = (_parser.Current as NodeEvent)?.Anchor;
        JsonNode? node;
        if (_parser.TryConsume<MappingStart>(out _))
        {
            var o = new JsonObject();
            while (!_parser.TryConsume<MappingEnd>(out _))
                o.Add(_parser.Consume<Scalar>().Value, Read(depth + 1));
            node = o;
        }
        else if (_parser.TryConsume<SequenceStart>(out _))
        {
            var a = new JsonArray();
            while (!_parser.TryConsume<SequenceEnd>(out _))
                a.Add(Read(depth + 1));
            node = a;
        }
        else
        {
            node = Value(_parser.Consume<Scalar>());
        }

        // Registered when complete, so an alias inside its own anchor is unknown rather than endless.
        if (anchor is { IsEmpty: false } name)
            _anchors[name.Value] = node;
        return node;
    }

    private JsonNode? Expand(string anchor)
    {
        if (!_anchors.TryGetValue(anchor, out var node))
            throw new ArgumentException($"unknown anchor {anchor}");
        _nodes += Count(node);
        if (_nodes > NodesMax || JsonTree.Depth(node) > JsonTree.DepthMax)
            throw new ArgumentException("the document is nested too deeply or too large");
        return node?.DeepClone();
    }

    private static int Count(JsonNode? node) => node switch
    {
        JsonObject o => 1 + o.Sum(m => Count(m.Value)),
        JsonArray a => 1 + a.Sum(Count),
        _ => 1,
    };

    private static JsonNode? Value(Scalar scalar)
    {
        var text = scalar.Value;
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
