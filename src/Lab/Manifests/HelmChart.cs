using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// The lab's objects as templates of a Helm chart. The objects of <see cref="ManifestSet"/> are rendered once for each
/// switch of the chart, and the differences become conditions on the switch.
/// </summary>
internal static class HelmChart
{
    private static readonly ManifestValues s_default = new();

    /// <summary>The switches: value in the chart, default and effect.</summary>
    private static readonly ImmutableArray<(
        string Value,
        bool Default,
        Func<ManifestValues, bool, ManifestValues> Set
    )> s_switches =
    [
        ("backendCnp", s_default.BackendCnp, (v, on) => v with { BackendCnp = on }),
        ("loadTestCnp", s_default.LoadTestCnp, (v, on) => v with { LoadTestCnp = on }),
        ("dashboard", s_default.Dashboard, (v, on) => v with { Dashboard = on }),
        ("prometheus", s_default.Prometheus, (v, on) => v with { Prometheus = on }),
        ("grafana", s_default.Grafana, (v, on) => v with { Grafana = on }),
        ("runner", s_default.Runner, (v, on) => v with { Runner = on }),
    ];

    /// <summary>The default values, as lines of values.yaml.</summary>
    public static string DefaultValues =>
        string.Concat(
            s_switches
                .Select(s => $"{s.Value}:\n  enabled: {(s.Default ? "true" : "false")}\n")
                .Append($"  scenario: \"{s_default.RunnerScenario}\"\n") // of the last switch, runner
        );

    /// <param name="values">Topology and images, which may be Helm expressions; the switches are the chart's.</param>
    /// <exception cref="InvalidOperationException">
    /// A switch changes more than list items: a defect of the manifests.
    /// </exception>
    public static ImmutableArray<ChartTemplate> Templates(ManifestValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var expressions = values with { RunnerScenario = "{{ .Values.runner.scenario }}" };
        var none = s_switches.Aggregate(expressions, (v, s) => s.Set(v, false));
        var variants = s_switches
            .Select(s => (Switch: (string?)s.Value, Objects: ByPath(s.Set(none, true))))
            .Prepend((Switch: null, Objects: ByPath(none)))
            .ToList();
        var everything = ManifestSet
            .Components(s_switches.Aggregate(none, (v, s) => s.Set(v, true)))
            .DistinctBy(c => c.Object.Path);
        return [.. everything.GroupBy(c => (c.Component, c.Object.Kind)).SelectMany(TemplatesOf)];

        IEnumerable<ChartTemplate> TemplatesOf(IEnumerable<(string Component, Manifest Object)> kind) =>
            kind.Select(c => TemplateOf(c.Component, c.Object, kind.Count() == 1, variants));
    }

    private static ChartTemplate TemplateOf(
        string component,
        Manifest manifest,
        bool isOnlyOne,
        List<(string? Switch, Dictionary<string, Manifest> Objects)> variants
    )
    {
        var rendered = variants
            .Where(v => v.Objects.ContainsKey(manifest.Path))
            .Select(v => (v.Switch, (JsonNode)v.Objects[manifest.Path].Object))
            .ToList();
        var items = new Dictionary<JsonNode, string>(ReferenceEqualityComparer.Instance);
        Mark(manifest.Object, rendered, items);
        var name = isOnlyOne ? manifest.Kind : $"{manifest.Kind}-{manifest.Namespace ?? manifest.Name}";
        return new ChartTemplate(component, $"{name.ToLowerInvariant()}.yaml", manifest, Condition(rendered), items);
    }

    private static Dictionary<string, Manifest> ByPath(ManifestValues values) =>
        ManifestSet.Render(values).ToDictionary(m => m.Path, StringComparer.Ordinal);

    /// <summary>The switches that render something; null: it is always rendered.</summary>
    private static string? Condition(IReadOnlyList<(string? Switch, JsonNode Node)> there)
    {
        if (there.Any(v => v.Switch is null))
            return null;
        var switches = there.Select(v => $".Values.{v.Switch}.enabled").ToList();
        return switches.Count == 1 ? switches[0] : $"or {string.Join(' ', switches)}";
    }

    /// <summary>Finds the items of lists that only some switches render.</summary>
    private static void Mark(
        JsonNode node,
        List<(string? Switch, JsonNode Node)> variants,
        Dictionary<JsonNode, string> conditions
    )
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (key, value) in map.Where(f => f.Value is not null))
                {
                    var below = Below(variants, v => v[key]);
                    if (below.Count < variants.Count)
                        throw new InvalidOperationException($"a switch of the chart adds the field {value!.GetPath()}");
                    Mark(value!, below, conditions);
                }
                break;
            case JsonArray list:
                foreach (var item in list.OfType<JsonNode>())
                {
                    var same = Below(variants, v => Find(v.AsArray(), item));
                    if (same.Count < variants.Count)
                        conditions[item] = Condition(same)
                            ?? throw new InvalidOperationException($"a switch of the chart removes {item.GetPath()}");
                    Mark(item, same, conditions);
                }
                break;
            default:
                if (variants.Any(v => !JsonNode.DeepEquals(v.Node, node)))
                    throw new InvalidOperationException($"a switch of the chart changes the value {node.GetPath()}");
                break;
        }
    }

    private static List<(string? Switch, JsonNode Node)> Below(
        List<(string? Switch, JsonNode Node)> variants,
        Func<JsonNode, JsonNode?> select
    ) => [.. variants.Select(v => (v.Switch, Node: select(v.Node)!)).Where(v => v.Node is not null)];

    /// <summary>The same item in another rendering: equal, or of the same name.</summary>
    private static JsonNode? Find(JsonArray list, JsonNode item) =>
        list.FirstOrDefault(i => JsonNode.DeepEquals(i, item))
        ?? list.FirstOrDefault(i => NameOf(item) is { } name && JsonNode.DeepEquals(NameOf(i), name));

    private static JsonNode? NameOf(JsonNode? item) => (item as JsonObject)?["name"];
}
