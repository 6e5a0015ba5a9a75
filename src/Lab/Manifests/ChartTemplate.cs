using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// One template of the chart. Its conditions stand in comments (<c># {{ if .Values.runner.enabled }}</c>), which Helm evaluates as anywhere else: the template is YAML before it is rendered, too.
/// </summary>
/// <param name="Component">The component it belongs to: the folder of the chart, and the resource of the application model.</param>
/// <param name="File">Name of its file.</param>
/// <param name="Manifest">The object with everything that a switch may bring.</param>
/// <param name="Condition">When the object is there; null: always.</param>
/// <param name="ItemConditions">When items of its lists are there; those that are not listed always are.</param>
internal sealed partial record ChartTemplate(
    string Component,
    string File,
    Manifest Manifest,
    string? Condition,
    IReadOnlyDictionary<JsonNode, string> ItemConditions
)
{
    /// <summary>Writes the template into a document that has begun.</summary>
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
                emitter.Emit(
                    new MappingStart(
                        AnchorName.Empty,
                        TagName.Empty,
                        true,
                        map.Count == 0 ? MappingStyle.Flow : MappingStyle.Block
                    )
                );
                foreach (var (key, value) in map)
                {
                    emitter.Emit(new Scalar(key));
                    Write(value, emitter);
                }
                emitter.Emit(new MappingEnd());
                break;
            case JsonArray list:
                emitter.Emit(
                    new SequenceStart(
                        AnchorName.Empty,
                        TagName.Empty,
                        true,
                        list.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block
                    )
                );
                foreach (var item in list.OfType<JsonNode>())
                    WriteIf(ItemConditions.GetValueOrDefault(item), item, emitter);
                emitter.Emit(new SequenceEnd());
                break;
            default:
                emitter.Emit(ScalarOf(node));
                break;
        }
    }

    /// <summary>Braces that are none of the chart's expressions (Grafana's legends) come out of Helm as they are.</summary>
    private static string Escaped(string text) => OtherBraces().Replace(text, LiteralBraces);

    /// <summary>What Helm makes <c>{{</c> of. Without spaces, at which YAML might be broken into lines.</summary>
    internal const string LiteralBraces = "{{`{{`}}";

    [GeneratedRegex(@"\{\{(?! \.Values\b)")]
    private static partial Regex OtherBraces();

    private static Scalar ScalarOf(JsonNode? node) =>
        node?.GetValueKind() switch
        {
            JsonValueKind.String => new Scalar(
                AnchorName.Empty,
                TagName.Empty,
                Escaped((string)node!),
                ScalarStyle.DoubleQuoted,
                false,
                true
            ),
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
