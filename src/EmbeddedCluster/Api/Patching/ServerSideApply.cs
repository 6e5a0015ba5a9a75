using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Patching;

/// <summary>
/// Server-side apply: (1) fields of the configuration that another manager owns with another value are conflicts,
/// unless forced, or kubectl takes over from its own client-side apply; (2) the configuration merges into the object;
/// (3) what the manager applied before, and no other owns, is removed; (4) ownership is recorded.
/// </summary>
internal static class ServerSideApply
{
    private const string Kubectl = "kubectl";
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

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
        var conflicts = new List<(FieldManager Manager, string Path)>();
        var before = live is null || manager.Name != Kubectl ? [] : AppliedByClient(schema, live, present);
        foreach (var (other, fields) in managers.Others(manager))
        {
            foreach (var (path, value) in wanted)
            {
                var isSame = present.TryGetValue(path, out var has) && JsonNode.DeepEquals(has, value);
                if (isSame || !fields.Contains(path))
                    continue;
                if (!before.Contains(path))
                    conflicts.Add((other, path));
                if (force || before.Contains(path))
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
        var changesValues = wanted.Any(w =>
            !present.TryGetValue(w.Key, out var has) || !JsonNode.DeepEquals(has, w.Value)
        );
        managers.Set(manager, [.. wanted.Keys], changesValues);
        result!.Ensure("metadata")["managedFields"] = managers.ToJson();
        return result!;
    }

    /// <summary>
    /// The fields that the object still has as <c>kubectl apply</c> without <c>--server-side</c> has set them: those
    /// that kubectl may take over (kubernetes, managedfields/internal/lastapplied).
    /// </summary>
    private static HashSet<string> AppliedByClient(
        Schema schema,
        JsonObject live,
        Dictionary<string, JsonNode?> present
    )
    {
        var text = (live.At("metadata.annotations") as JsonObject)?.Text(LastApplied) ?? "";
        if (JsonTree.Parse(Encoding.UTF8.GetBytes(text)).Value is not JsonObject applied)
            return [];
        return
        [
            .. FieldPaths
                .Of(schema, applied)
                .Where(f => present.TryGetValue(f.Key, out var has) && JsonNode.DeepEquals(has, f.Value))
                .Select(f => f.Key),
        ];
    }

    private static bool IsElement(string path) => path.EndsWith(FieldPaths.Separator + ".", StringComparison.Ordinal);

    private static ApiStatus Conflict(ResourceKind kind, List<(FieldManager Manager, string Path)> conflicts)
    {
        string With(FieldManager manager) =>
            $"\"{manager.Name}\""
            + (manager.IsStatus ? " with subresource \"status\"" : "")
            + (manager.IsApply ? "" : $" using {kind.ApiVersion}");
        var causes = conflicts.Select(c =>
            Json.Object(
                ("reason", "FieldManagerConflict"),
                ("message", $"conflict with {With(c.Manager)}"),
                ("field", Readable(c.Path))
            )
        );
        var texts = conflicts
            .GroupBy(c => c.Manager)
            .Select(g =>
                g.Count() == 1
                    ? $"conflict with {With(g.Key)}: {Readable(g.Single().Path)}"
                    : $"conflicts with {With(g.Key)}:\n{string.Join('\n', g.Select(c => "- " + Readable(c.Path)))}"
            );
        var count = conflicts.Count == 1 ? "1 conflict" : $"{conflicts.Count} conflicts";
        return new ApiStatus(409, "Conflict", $"Apply failed with {count}: {string.Join('\n', texts)}")
        {
            Details = new JsonObject { ["kind"] = kind.Plural, ["causes"] = Json.Array(causes) },
        };
    }

    /// <summary>A path as people read it: <c>.spec.containers[name="backend"].image</c>.</summary>
    private static string Readable(string path) => string.Concat(path.Split(FieldPaths.Separator).Select(Part));

    private static string Part(string part)
    {
        if (part.StartsWith("f:", StringComparison.Ordinal))
            return "." + part[2..];
        if (part == ".")
            return "";
        var keys = part.StartsWith("k:", StringComparison.Ordinal) ? JsonNode.Parse(part[2..]) as JsonObject : null;
        var inside = keys?.Select(k => $"{k.Key}={k.Value?.ToJsonString(JsonTree.Compact)}") ?? [$"={part[2..]}"];
        return $"[{string.Join(',', inside)}]";
    }
}
