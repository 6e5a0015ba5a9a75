using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Patching;

/// <summary>
/// Strategic merge patch: a merge patch that merges lists by their merge keys, with the directives $patch (replace, merge, delete),
/// $deleteFromPrimitiveList, $retainKeys and $setElementOrder.
/// </summary>
internal static class StrategicMerge
{
    private const string Directive = "$patch";
    private const string DeleteFromSet = "$deleteFromPrimitiveList/";
    private const string ElementOrder = "$setElementOrder/";
    private const string RetainKeys = "$retainKeys";

    /// <summary>Applies a patch to a tree that the caller owns.</summary>
    /// <param name="schema">Schema of the tree.</param>
    /// <param name="target">The tree.</param>
    /// <param name="patch">The patch.</param>
    /// <param name="allKeys">Identify list elements by all their keys (server-side apply) instead of the first.</param>
    /// <returns>The patched tree, or 400 when a directive is malformed.</returns>
    public static Outcome<JsonObject> Apply(Schema schema, JsonObject target, JsonObject patch, bool allKeys = false)
    {
        var result = Object(schema, target, patch, allKeys, out var problem);
        return problem is null ? result! : ApiStatus.BadRequest($"invalid strategic merge patch: {problem}");
    }

    private static JsonObject? Object(
        Schema schema,
        JsonObject target,
        JsonObject patch,
        bool allKeys,
        out string? problem
    )
    {
        problem = null;
        switch (patch[Directive])
        {
            case null:
                break;
            case JsonValue directive when directive.GetValueKind() == JsonValueKind.String:
                switch (directive.GetValue<string>())
                {
                    case "delete":
                        return [];
                    case "replace":
                        var replacement = patch.DeepClone().AsObject();
                        replacement.Remove(Directive);
                        return replacement;
                    case "merge":
                        break;
                    default:
                        problem = "$patch must be replace, merge or delete";
                        return null;
                }

                break;
            default:
                problem = "$patch must be a string";
                return null;
        }

        if (patch[RetainKeys] is JsonArray retained)
        {
            foreach (var name in target.Select(m => m.Key).Where(k => !retained.Any(r => r?.ToString() == k)).ToList())
                target.Remove(name);
        }

        foreach (var (name, value) in patch)
        {
            if (name is Directive or RetainKeys)
                continue;
            problem = Member(schema, target, name, value, allKeys);
            if (problem is not null)
                return null;
        }

        return target;
    }

    private static string? Member(Schema schema, JsonObject target, string name, JsonNode? value, bool allKeys)
    {
        if (name.StartsWith(DeleteFromSet, StringComparison.Ordinal))
        {
            var set = target[name[DeleteFromSet.Length..]] as JsonArray;
            foreach (var removed in value as JsonArray ?? [])
                set?.Remove(set.FirstOrDefault(i => JsonNode.DeepEquals(i, removed)));
            return null;
        }

        if (name.StartsWith(ElementOrder, StringComparison.Ordinal))
            return null;
        var field =
            schema.Type == SchemaType.Map
                ? new Field(schema.Items!, null)
                : schema.Fields.GetValueOrDefault(name) ?? new Field(Schema.Any, null);
        string? problem = null;
        switch (value)
        {
            case null:
                target.Remove(name);
                break;
            case JsonObject changes:
                var merged = Object(field.Schema, target[name] as JsonObject ?? [], changes, allKeys, out problem);
                if (problem is null && !ReferenceEquals(merged, target[name]))
                    target[name] = merged;
                break;
            case JsonArray items when field.Keys is { Count: 0 }:
                target[name] = Union(target[name] as JsonArray ?? [], items);
                break;
            case JsonArray items when field.Keys is { } keys:
                var list = target[name] as JsonArray ?? [];
                problem = List(field.Schema.Items!, allKeys ? keys : [keys[0]], list, items, allKeys);
                if (!ReferenceEquals(list, target[name]))
                    target[name] = list;
                break;
            default:
                target[name] = value.DeepClone();
                break;
        }

        return problem;
    }

    private static string? List(
        Schema item,
        IReadOnlyList<string> keys,
        JsonArray target,
        JsonArray patch,
        bool allKeys
    )
    {
        if (patch.OfType<JsonObject>().Any(p => p.Text(Directive) == "replace" && p.Count == 1))
        {
            target.Clear();
            patch = new JsonArray([
                .. patch
                    .Where(p => p is not JsonObject o || o.Text(Directive) != "replace")
                    .Select(p => p?.DeepClone()),
            ]);
        }

        foreach (var element in patch)
        {
            if (element is not JsonObject change || change[keys[0]] is null)
                return $"map: elements must be objects with the merge key {keys[0]}";
            var id = FieldPaths.ElementKey(change, keys);
            var at = target
                .Index()
                .Where(t => t.Item is JsonObject o && FieldPaths.ElementKey(o, keys) == id)
                .Select(t => t.Index)
                .DefaultIfEmpty(-1)
                .First();
            if (change.Text(Directive) == "delete")
            {
                if (at >= 0)
                    target.RemoveAt(at);
                continue;
            }

            var merged = Object(item, at >= 0 ? target[at]!.AsObject() : [], change, allKeys, out var problem);
            if (problem is not null)
                return problem;
            if (at < 0)
                target.Add((JsonNode?)merged);
            else if (!ReferenceEquals(target[at], merged))
                target[at] = merged;
        }

        return null;
    }

    private static JsonArray Union(JsonArray present, JsonArray added)
    {
        var union = present.DeepClone().AsArray();
        foreach (var item in added.Where(a => !union.Any(u => JsonNode.DeepEquals(u, a))).ToList())
            union.Add(item?.DeepClone());
        return union;
    }
}
