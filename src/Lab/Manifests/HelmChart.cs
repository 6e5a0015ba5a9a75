using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// The lab's objects as templates of a Helm chart. Nothing is written twice: the objects are those of <see cref="ManifestSet"/>, rendered once for each switch of the chart, and what differs between the
/// renderings stands behind the switch.
/// </summary>
internal static class HelmChart
{
    private static readonly ManifestValues s_default = new();

    /// <summary>The switches: their value in the chart, their default, and what they choose.</summary>
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

    /// <summary>The default values of the chart, as lines of its values.yaml.</summary>
    public static string DefaultValues =>
        string.Concat(
            s_switches.Select(s =>
                $"{s.Value}:\n  enabled: {(s.Default ? "true" : "false")}\n{(s.Value == "runner" ? $"  scenario: \"{s_default.RunnerScenario}\"\n" : "")}"
            )
        );

    /// <summary>The templates.</summary>
    /// <param name="values">Topology and images, which may be Helm expressions; the switches are the chart's.</param>
    /// <exception cref="InvalidOperationException">A switch changes something that no template can leave out: a defect of the manifests.</exception>
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
        return
        [
            .. everything
                .GroupBy(c => (c.Component, c.Object.Kind))
                .SelectMany(kind =>
                    kind.Select(c =>
                    {
                        var there = variants
                            .Where(v => v.Objects.ContainsKey(c.Object.Path))
                            .Select(v => (v.Switch, (JsonNode)v.Objects[c.Object.Path].Object))
                            .ToList();
                        var items = new Dictionary<JsonNode, string>(ReferenceEqualityComparer.Instance);
                        Mark(c.Object.Object, there, items);
                        var name =
                            kind.Count() == 1
                                ? c.Object.Kind
                                : $"{c.Object.Kind}-{c.Object.Namespace ?? c.Object.Name}";
                        return new ChartTemplate(
                            c.Component,
                            $"{name.ToLowerInvariant()}.yaml",
                            c.Object,
                            Condition(there),
                            items
                        );
                    })
                ),
        ];
    }

    private static Dictionary<string, Manifest> ByPath(ManifestValues values) =>
        ManifestSet.Render(values).ToDictionary(m => m.Path, StringComparer.Ordinal);

    /// <summary>Which switches bring something; null: it is always there.</summary>
    private static string? Condition(IReadOnlyList<(string? Switch, JsonNode Node)> there)
    {
        if (there.Any(v => v.Switch is null))
            return null;
        var switches = there.Select(v => $".Values.{v.Switch}.enabled").ToList();
        return switches.Count == 1 ? switches[0] : $"or {string.Join(' ', switches)}";
    }

    /// <summary>Finds the items of lists that only some switches bring.</summary>
    private static void Mark(
        JsonNode node,
        List<(string? Switch, JsonNode Node)> variants,
        Dictionary<JsonNode, string> conditions
    )
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (key, value) in map)
                {
                    if (value is null)
                        continue;
                    var below = variants
                        .Select(v => (v.Switch, v.Node[key]))
                        .Where(v => v.Item2 is not null)
                        .Select(v => (v.Switch, v.Item2!))
                        .ToList();
                    if (below.Count < variants.Count)
                        throw new InvalidOperationException(
                            $"a switch of the chart brings the whole field {value.GetPath()}"
                        );
                    Mark(value, below, conditions);
                }
                break;
            case JsonArray list:
                foreach (var item in list.OfType<JsonNode>())
                {
                    var same = variants
                        .Select(v => (v.Switch, Find(v.Node.AsArray(), item)))
                        .Where(v => v.Item2 is not null)
                        .Select(v => (v.Switch, v.Item2!))
                        .ToList();
                    if (same.Count < variants.Count)
                        conditions[item] = Condition(same)
                            ?? throw new InvalidOperationException(
                                $"a switch of the chart takes {item.GetPath()} away"
                            );
                    Mark(item, same, conditions);
                }
                break;
            default:
                if (variants.Any(v => !JsonNode.DeepEquals(v.Node, node)))
                    throw new InvalidOperationException($"a switch of the chart changes the value {node.GetPath()}");
                break;
        }
    }

    /// <summary>The same item in another rendering: equal, or of the same name.</summary>
    private static JsonNode? Find(JsonArray list, JsonNode item) =>
        list.FirstOrDefault(i => JsonNode.DeepEquals(i, item))
        ?? (
            item is JsonObject map && map["name"] is { } name
                ? list.FirstOrDefault(i => i is JsonObject other && JsonNode.DeepEquals(other["name"], name))
                : null
        );
}
