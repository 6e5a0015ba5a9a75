using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Patching;

/// <summary>JSON merge patch (RFC 7396) and JSON patch (RFC 6902).</summary>
internal static class Patches
{
    private const int MaxOperations = 10_000;
    private const int MaxCopiedBytes = 3 << 20;

    public static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
            return patch?.DeepClone();
        var result = target as JsonObject ?? [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                result.Remove(name);
                continue;
            }
            var current = result[name];
            var merged = Merge(current, value);
            if (!ReferenceEquals(merged, current))
                result[name] = merged;
        }
        return result;
    }

    /// <summary>
    /// Applies the operations in order to a tree that the caller owns; all or, on a failure, an unusable tree.
    /// </summary>
    public static Outcome<JsonObject> Apply(JsonObject target, JsonArray operations)
    {
        var tooMany = $"The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}";
        if (operations.Count > MaxOperations)
            return new ApiStatus(413, "RequestEntityTooLarge", tooMany);
        JsonNode? root = target;
        var copied = 0;
        foreach (var operation in operations)
        {
            if (operation is not JsonObject o || o.Text("op") is not { } op || o.Text("path") is not { } path)
                return ApiStatus.BadRequest("each operation of a JSON patch is an object with the strings op and path");
            const string rejected = "the server rejected our request due to an error in our request";
            if (Apply(ref root, o, op, path, ref copied) is { } problem)
                return new ApiStatus(422, "Invalid", $"{rejected}: {op} {path}: {problem}");
        }
        return root is JsonObject result ? result : ApiStatus.BadRequest("a JSON patch must leave an object");
    }

    private static string? Apply(ref JsonNode? root, JsonObject operation, string op, string path, ref int copied)
    {
        switch (op)
        {
            case "add" or "replace" or "test" when !operation.ContainsKey("value"):
                return "value is missing";
            case "add":
                return Put(ref root, path, operation["value"]?.DeepClone(), replace: false);
            case "replace":
                return Put(ref root, path, operation["value"]?.DeepClone(), replace: true);
            case "remove":
                return Take(ref root, path, out _);
            case "test":
                if (!Find(root, path, out var tested))
                    return "no such path";
                return JsonNode.DeepEquals(tested, operation["value"]) ? null : "the value differs";
            case "copy" when operation.Text("from") is { } from:
                if (!Find(root, from, out var source))
                    return "no such from path";
                copied += source?.ToJsonString().Length ?? 4;
                return copied > MaxCopiedBytes
                    ? "copies too much"
                    : Put(ref root, path, source?.DeepClone(), replace: false);
            case "move" when operation.Text("from") is { } from:
                if (path.StartsWith(from + "/", StringComparison.Ordinal))
                    return "cannot move into itself";
                return Take(ref root, from, out var moved) ?? Put(ref root, path, moved, replace: false);
            default:
                return "unknown operation, or from is missing";
        }
    }

    private static bool Find(JsonNode? node, string path, out JsonNode? found)
    {
        found = node;
        if (Split(path) is not { } parts)
            return false;
        foreach (var part in parts)
        {
            switch (found)
            {
                case JsonObject o when o.TryGetPropertyValue(part, out found):
                    break;
                case JsonArray a when Index(part, a.Count - 1) is { } i:
                    found = a[i];
                    break;
                default:
                    return false;
            }
        }
        return true;
    }

    private static string? Put(ref JsonNode? root, string path, JsonNode? value, bool replace)
    {
        if (path.Count(c => c == '/') + JsonTree.Depth(value) > JsonTree.MaxDepth)
            return "nested too deeply";
        if (path.Length == 0)
        {
            root = value;
            return null;
        }
        var (parent, last) = Parent(root, path);
        switch (parent)
        {
            case JsonObject o when !replace || o.ContainsKey(last):
                o[last] = value;
                return null;
            case JsonArray a when replace && Index(last, a.Count - 1) is { } i:
                a[i] = value;
                return null;
            case JsonArray a when !replace && (last == "-" ? a.Count : Index(last, a.Count)) is { } i:
                a.Insert(i, value);
                return null;
            default:
                return "no such path";
        }
    }

    private static string? Take(ref JsonNode? root, string path, out JsonNode? taken)
    {
        taken = null;
        var (parent, last) = Parent(root, path);
        switch (parent)
        {
            case JsonObject o when o.TryGetPropertyValue(last, out taken):
                o.Remove(last);
                return null;
            case JsonArray a when Index(last, a.Count - 1) is { } i:
                taken = a[i];
                a.RemoveAt(i);
                return null;
            default:
                return "no such path";
        }
    }

    private static (JsonNode? Parent, string Last) Parent(JsonNode? root, string path)
    {
        var slash = path.LastIndexOf('/');
        return slash >= 0 && Find(root, path[..slash], out var parent)
            ? (parent, Unescape(path[(slash + 1)..]))
            : (null, "");
    }

    private static string[]? Split(string path)
    {
        if (path.Length == 0)
            return [];
        return path[0] == '/' ? [.. path[1..].Split('/').Select(Unescape)] : null;
    }

    private static string Unescape(string part) =>
        part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    private static int? Index(string part, int max) =>
        part.Length is > 0 and < 10
        && part.All(char.IsAsciiDigit)
        && (part.Length == 1 || part[0] != '0')
        && int.Parse(part, null) is var i
        && i <= max
            ? i
            : null;
}
