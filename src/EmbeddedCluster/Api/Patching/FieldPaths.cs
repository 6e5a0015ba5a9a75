using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;

namespace CiliumDebugging.EmbeddedCluster.Api.Patching;

/// <summary>
/// The fields of an object as paths, in the notation of <c>managedFields</c>: <c>f:name</c> a member, <c>k:{…}</c> a
/// list element by its keys, <c>v:…</c> an element of a set, <c>.</c> the element itself; joined by line feeds, which
/// JSON text never holds.
///</summary>
internal static class FieldPaths
{
    public const char Separator = '\n';

    private static readonly string[] s_unowned =
    [
        .. "name namespace generateName uid resourceVersion generation creationTimestamp".Split(' '),
        .. "deletionTimestamp deletionGracePeriodSeconds managedFields selfLink".Split(' '),
    ];

    /// <summary>Every leaf and list element of an object, except what the server owns.</summary>
    public static Dictionary<string, JsonNode?> Of(Schema schema, JsonObject o)
    {
        var fields = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var (name, value) in o)
        {
            if (name is "apiVersion" or "kind")
                continue;
            if (name == "metadata" && value is JsonObject metadata)
            {
                var known = (schema.Fields.GetValueOrDefault("metadata")?.Schema ?? Schema.Any).Fields;
                foreach (var (member, inner) in metadata.Where(m => !s_unowned.Contains(m.Key)))
                    Add(fields, known.GetValueOrDefault(member), inner, $"f:metadata{Separator}f:{member}");
            }
            else
            {
                Add(fields, schema.Fields.GetValueOrDefault(name), value, "f:" + name);
            }
        }
        return fields;
    }

    /// <summary>Paths as the tree that <c>fieldsV1</c> holds.</summary>
    public static JsonObject ToTree(IEnumerable<string> paths)
    {
        var root = new JsonObject();
        foreach (var path in paths.Order(StringComparer.Ordinal))
        {
            var node = root;
            foreach (var part in path.Split(Separator))
                node = node.Ensure(part);
        }
        return root;
    }

    /// <summary>The leaves of a <c>fieldsV1</c> tree.</summary>
    public static HashSet<string> FromTree(JsonObject? tree)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        if (tree is not null)
            Collect(tree, "", paths);
        return paths;
    }

    /// <summary>The key of a list element: its key members as compact JSON, absent ones as their defaults.</summary>
    public static string ElementKey(JsonObject element, IReadOnlyList<string> keys)
    {
        var key = new JsonObject();
        foreach (var name in keys.Order(StringComparer.Ordinal))
            if ((element[name]?.DeepClone() ?? MergeKeys.Default(name)) is { } value)
                key[name] = value;
        return "k:" + key.ToJsonString(JsonTree.Compact);
    }

    /// <summary>Removes a leaf or element, and containers that it leaves empty.</summary>
    public static void Remove(Schema schema, JsonObject o, string path) =>
        Remove(new Field(schema, null), o, path.Split(Separator));

    private static bool Remove(Field? field, JsonNode node, ReadOnlySpan<string> parts)
    {
        var part = parts[0];
        if (part.StartsWith("f:", StringComparison.Ordinal) && node is JsonObject o && o[part[2..]] is { } member)
        {
            if (parts.Length == 1 || (Remove(Member(field, part[2..]), member, parts[1..]) && IsEmpty(member)))
                o.Remove(part[2..]);
            return true;
        }
        if (node is not JsonArray list || field?.Keys is not { } keys)
            return false;
        var found = part.StartsWith("v:", StringComparison.Ordinal)
            ? list.FirstOrDefault(i => "v:" + i?.ToJsonString(JsonTree.Compact) == part)
            : list.OfType<JsonObject>().FirstOrDefault(i => ElementKey(i, keys) == part);
        if (found is null)
            return false;
        if (parts is [_] or [_, "."])
            list.Remove(found);
        else
            Remove(new Field(field.Schema.Items!, null), found, parts[1..]);
        return true;
    }

    private static bool IsEmpty(JsonNode node) => node is JsonObject { Count: 0 } or JsonArray { Count: 0 };

    private static Field? Member(Field? field, string name) =>
        field?.Schema.Type switch
        {
            SchemaType.Map => new Field(field.Schema.Items!, null),
            SchemaType.Object => field.Schema.Fields.GetValueOrDefault(name),
            _ => new Field(Schema.Any, null),
        };

    private static void Add(Dictionary<string, JsonNode?> fields, Field? field, JsonNode? node, string path)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } o:
                foreach (var (name, value) in o)
                    Add(fields, Member(field, name), value, path + Separator + "f:" + name);
                break;
            case JsonArray list when field?.Keys is { Count: 0 }:
                foreach (var item in list)
                    fields[path + Separator + "v:" + item?.ToJsonString(JsonTree.Compact)] = item;
                break;
            case JsonArray list when field?.Keys is { } keys:
                foreach (var item in list.OfType<JsonObject>())
                {
                    var (at, known) = (path + Separator + ElementKey(item, keys), field.Schema.Items!.Fields);
                    fields[at + Separator + "."] = null;
                    foreach (var (name, value) in item)
                        Add(fields, known.GetValueOrDefault(name), value, $"{at}{Separator}f:{name}");
                }
                break;
            default:
                fields[path] = node;
                break;
        }
    }

    private static void Collect(JsonObject tree, string path, HashSet<string> paths)
    {
        foreach (var (name, child) in tree)
        {
            var at = path.Length == 0 ? name : path + Separator + name;
            if (child is JsonObject { Count: > 0 } inner)
                Collect(inner, at, paths);
            else
                paths.Add(at);
        }
    }
}
