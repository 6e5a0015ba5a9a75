using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Patching;

/// <summary>
/// Server-side apply: (1) fields of the configuration that another manager owns with another value are conflicts,
/// unless forced; (2) the configuration merges into the object; (3) what the manager applied before, and no other owns,
/// is removed; (4) ownership is recorded.
/// </summary>
internal static class ServerSideApply
{
    /// <summary>
    /// Applies a manager's configuration to the object as it is now (null when it does not exist). With
    /// <paramref name="force"/> conflicting fields are taken over.
    /// </summary>
    public static Outcome<JsonObject> Apply(
        ResourceKind kind,
        JsonObject? live,
        JsonObject config,
        FieldManager manager,
        bool force,
        DateTimeOffset now
    )
    {
        var schema = Schema.Of(kind);
        var wanted = FieldPaths.Of(schema, config);
        var present = live is null ? [] : FieldPaths.Of(schema, live);
        var managers = new FieldManagers(kind, live?["metadata"]?["managedFields"], now);

        // (1)
        var conflicts = new List<(string Manager, string Path)>();
        foreach (var (other, fields) in managers.Others(manager))
        {
            foreach (var (path, value) in wanted)
            {
                var isSame = present.TryGetValue(path, out var has) && JsonNode.DeepEquals(has, value);
                if (isSame || !fields.Contains(path))
                    continue;
                conflicts.Add((other.Name, path));
                if (force)
                    fields.Remove(path);
            }
        }
        if (conflicts.Count > 0 && !force)
            return Conflict(kind, conflicts);

        // (2)
        var (result, malformed) = StrategicMerge.Apply(schema, live ?? [], config, allKeys: true);
        if (malformed is not null)
            return malformed;

        // (3) Whole elements first: without its key members an element could not be found. One of which another manager
        // owns a part stays, as does a container that has content by now.
        var owned = managers.Others(manager).SelectMany(o => o.Fields).ToHashSet(StringComparer.Ordinal);
        var given = managers.Owned(manager).Where(p => !wanted.ContainsKey(p) && !owned.Contains(p)).ToList();
        foreach (var gone in given.OrderByDescending(IsElement))
        {
            var below = IsElement(gone) ? gone[..^1] : gone + FieldPaths.Separator;
            var hasContent = IsElement(gone)
                ? owned.Any(IsBelow)
                : wanted.Keys.Any(IsBelow) || present.Keys.Any(IsBelow);
            if (!hasContent)
                FieldPaths.Remove(schema, result!, gone);

            bool IsBelow(string path) => path.StartsWith(below, StringComparison.Ordinal);
        }
        // (4)
        managers.Set(manager, [.. wanted.Keys]);
        result!.Ensure("metadata")["managedFields"] = managers.ToJson();
        return result!;
    }

    private static bool IsElement(string path) => path.EndsWith(FieldPaths.Separator + ".", StringComparison.Ordinal);

    private static ApiStatus Conflict(ResourceKind kind, List<(string Manager, string Path)> conflicts)
    {
        static string Part(string p) =>
            p.StartsWith("f:", StringComparison.Ordinal) ? p[2..] : $"[{p[Math.Min(2, p.Length)..]}]";
        static string Readable(string path) => "." + string.Join('.', path.Split(FieldPaths.Separator).Select(Part));
        static string With((string Manager, string Path) c) => $"conflict with \"{c.Manager}\"";

        var causes = conflicts.Select(c =>
            Json.Object(("reason", "FieldManagerConflict"), ("message", With(c)), ("field", Readable(c.Path)))
        );
        var text = string.Join(", ", conflicts.Select(c => $"{With(c)}: {Readable(c.Path)}"));
        var count = conflicts.Count == 1 ? "1 conflict" : $"{conflicts.Count} conflicts";
        return new ApiStatus(409, "Conflict", $"Apply failed with {count}: {text}")
        {
            Details = new JsonObject { ["kind"] = kind.Plural, ["causes"] = Json.Array(causes) },
        };
    }
}
