using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Patching;

/// <summary>
/// Strategic merge patch: a merge patch that merges lists by their merge keys, with the directives $patch (replace,
/// merge, delete), $deleteFromPrimitiveList, $retainKeys and $setElementOrder.
/// </summary>
internal static class StrategicMerge
{
    private const string Directive = "$patch";
    private const string DeleteFromSet = "$deleteFromPrimitiveList/";
    private const string ElementOrder = "$setElementOrder/";
    private const string RetainKeys = "$retainKeys";

    /// <summary>
    /// Applies a patch to a tree that the caller owns. List elements are identified by all their keys
    /// (<paramref name="allKeys"/>, server-side apply) or by the first.
    /// </summary>
    /// <returns>The patched tree, or 400 when a directive is malformed.</returns>
    public static Outcome<JsonObject> Apply(Schema schema, JsonObject target, JsonObject patch, bool allKeys = false)
    {
        if (patch[Directive] is not null && patch.Text(Directive) is not ("delete" or "replace" or "merge"))
            return Malformed("$patch must be replace, merge or delete");
        if (patch.Text(Directive) == "delete")
            return new JsonObject();
        if (patch.Text(Directive) == "replace")
        {
            var replacement = patch.DeepClone().AsObject();
            replacement.Remove(Directive);
            return replacement;
        }
        if (patch[RetainKeys] is JsonArray retained)
        {
            foreach (var name in target.Select(m => m.Key).Where(k => !retained.Any(r => r?.ToString() == k)).ToList())
                target.Remove(name);
        }
        foreach (var (name, value) in patch)
        {
            if (
                name is not (Directive or RetainKeys)
                && Member(schema, target, patch, name, value, allKeys) is { } problem
            )
                return problem;
        }
        return target;
    }

    private static ApiStatus Malformed(string problem) =>
        ApiStatus.BadRequest($"invalid strategic merge patch: {problem}");

    /// <returns>The failure, or null.</returns>
    private static ApiStatus? Member(
        Schema schema,
        JsonObject target,
        JsonObject patch,
        string name,
        JsonNode? value,
        bool allKeys
    )
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
        ApiStatus? problem = null;
        switch (value)
        {
            case null:
                target.Remove(name);
                break;
            case JsonObject changes:
                (var merged, problem) = Apply(field.Schema, target[name] as JsonObject ?? [], changes, allKeys);
                if (problem is null && !ReferenceEquals(merged, target[name]))
                    target[name] = merged;
                break;
            case JsonArray items when field.Keys is { Count: 0 }:
                target[name] = Union(target[name] as JsonArray ?? [], items);
                break;
            case JsonArray items when field.Keys is { } keys:
                var list = target[name] as JsonArray ?? [];
                var order = list.Select(i => i?.DeepClone()).ToList();
                problem = List(field.Schema.Items!, allKeys ? keys : [keys[0]], list, items, allKeys);
                if (problem is null && !allKeys)
                    list = Ordered(list, order, patch[ElementOrder + name] as JsonArray ?? items, keys[0]);
                if (!ReferenceEquals(list, target[name]))
                    target[name] = list;
                break;
            default:
                target[name] = value.DeepClone();
                break;
        }
        return problem;
    }

    private static ApiStatus? List(
        Schema item,
        IReadOnlyList<string> keys,
        JsonArray target,
        JsonArray patch,
        bool allKeys
    )
    {
        var replaces = patch.OfType<JsonObject>().Any(p => p.Text(Directive) == "replace" && p.Count == 1);
        if (replaces)
            target.Clear();
        foreach (var element in patch)
        {
            if (replaces && element is JsonObject o && o.Text(Directive) == "replace")
                continue;
            if (element is not JsonObject change || change[keys[0]] is null)
                return Malformed($"map: elements must be objects with the merge key {keys[0]}");
            var id = FieldPaths.ElementKey(change, keys);
            var at = target
                .Index()
                .Where(t => t.Item is JsonObject present && FieldPaths.ElementKey(present, keys) == id)
                .Select(t => t.Index)
                .DefaultIfEmpty(-1)
                .First();
            if (change.Text(Directive) == "delete")
            {
                if (at >= 0)
                    target.RemoveAt(at);
                continue;
            }
            var (merged, problem) = Apply(item, at >= 0 ? target[at]!.AsObject() : [], change, allKeys);
            if (problem is not null)
                return problem;
            if (at < 0)
                target.Add((JsonNode?)merged);
            else if (!ReferenceEquals(target[at], merged))
                target[at] = merged;
        }
        return null;
    }

    /// <summary>
    /// The elements in the order of a real server: those that the patch names in its order, and each other one before
    /// the first of them that it was before (apimachinery, pkg/util/strategicpatch, mergeSortedSlice).
    /// </summary>
    private static JsonArray Ordered(JsonArray merged, List<JsonNode?> before, JsonArray patch, string key)
    {
        static string Id(JsonNode? element, string key) => (element as JsonObject)?[key]?.ToJsonString() ?? "";
        var wanted = patch.Select(p => Id(p, key)).ToList();
        var was = before.Select(b => Id(b, key)).ToList();
        var all = merged.ToList();
        var others = new Queue<JsonNode?>(all.Where(e => !wanted.Contains(Id(e, key))));
        var ordered = new List<JsonNode?>();
        foreach (var named in all.Where(e => wanted.Contains(Id(e, key))).OrderBy(e => wanted.IndexOf(Id(e, key))))
        {
            var place = was.IndexOf(Id(named, key));
            while (others.TryPeek(out var other) && place >= 0 && was.IndexOf(Id(other, key)) < place)
                ordered.Add(others.Dequeue());
            ordered.Add(named);
        }
        ordered.AddRange(others);
        merged.Clear();
        return new JsonArray([.. ordered]);
    }

    private static JsonArray Union(JsonArray present, JsonArray added)
    {
        var union = present.DeepClone().AsArray();
        foreach (var item in added.Where(a => !union.Any(u => JsonNode.DeepEquals(u, a))).ToList())
            union.Add(item?.DeepClone());
        return union;
    }
}
