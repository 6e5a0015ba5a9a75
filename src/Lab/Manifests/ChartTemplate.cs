using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// One template of the chart. Its conditions are in comments (<c># {{ if .Values.runner.enabled }}</c>), which Helm
/// evaluates like any text, so that the template itself is YAML.
/// </summary>
/// <param name="Component">Its folder in the chart, and its resource in the application model.</param>
/// <param name="File">Name of its file.</param>
/// <param name="Manifest">The object with everything that switches add.</param>
/// <param name="Condition">When the object is rendered; null: always.</param>
/// <param name="ItemConditions">When items of its lists are rendered; others always are.</param>
internal sealed partial record ChartTemplate(
    string Component,
    string File,
    Manifest Manifest,
    string? Condition,
    IReadOnlyDictionary<JsonNode, string> ItemConditions
)
{
    /// <summary>Writes the template into an open document.</summary>
    public void WriteTo(IEmitter emitter)
    {
        ArgumentNullException.ThrowIfNull(emitter);
        WriteIf(Condition, Manifest.Object, emitter);
    }

    private void WriteIf(string? condition, JsonNode node, IEmitter emitter)
    {
        if (condition is not null)
            emitter.Emit(new Comment($"{{{{ if {condition} }}}}", isInline: false));
        Write(node, emitter);
        if (condition is not null)
            emitter.Emit(new Comment("{{ end }}", isInline: false));
    }

    private void Write(JsonNode? node, IEmitter emitter)
    {
        switch (node)
        {
            case JsonObject map:
                var mapStyle = map.Count == 0 ? MappingStyle.Flow : MappingStyle.Block;
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, mapStyle));
                foreach (var (key, value) in map)
                {
                    emitter.Emit(new Scalar(key));
                    Write(value, emitter);
                }
                emitter.Emit(new MappingEnd());
                break;
            case JsonArray list:
                var listStyle = list.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block;
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, listStyle));
                foreach (var item in list.OfType<JsonNode>())
                    WriteIf(ItemConditions.GetValueOrDefault(item), item, emitter);
                emitter.Emit(new SequenceEnd());
                break;
            default:
                emitter.Emit(ScalarOf(node));
                break;
        }
    }

    /// <summary>Protects braces that are not the chart's expressions (Grafana's legends) from Helm.</summary>
    private static string Escaped(string text) => OtherBraces().Replace(text, LiteralBraces);

    /// <summary>Helm renders this as <c>{{</c>. It has no spaces, at which YAML could be wrapped.</summary>
    internal const string LiteralBraces = "{{`{{`}}";

    [GeneratedRegex(@"\{\{(?! \.Values\b)")]
    private static partial Regex OtherBraces();

    private static Scalar Quoted(string text) =>
        new(AnchorName.Empty, TagName.Empty, text, ScalarStyle.DoubleQuoted, false, true);

    private static Scalar ScalarOf(JsonNode? node) =>
        node?.GetValueKind() switch
        {
            JsonValueKind.String => Quoted(Escaped((string)node!)),
            JsonValueKind.True => new Scalar("true"),
            JsonValueKind.False => new Scalar("false"),
            JsonValueKind.Number => new Scalar(
                Convert.ToString(
                    node.AsValue().TryGetValue<long>(out var integer) ? integer : node.GetValue<double>(),
                    CultureInfo.InvariantCulture
                )!
            ),
            _ => new Scalar("null"),
        };
}
