using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;

namespace CiliumDebugging.EmbeddedCluster.Api.Patching;

/// <summary>Who writes.</summary>
/// <param name="Name">Name of the field manager.</param>
/// <param name="IsApply">By server-side apply; otherwise by create, update or patch.</param>
/// <param name="IsStatus">Through the status subresource.</param>
internal sealed record FieldManager(string Name, bool IsApply, bool IsStatus);

/// <summary>The <c>metadata.managedFields</c> of an object: which manager set which fields.</summary>
internal sealed class FieldManagers
{
    private const int MaxManagers = 64;

    private readonly List<(FieldManager Manager, HashSet<string> Fields, JsonObject Entry)> _entries = [];
    private readonly ResourceKind _kind;
    private readonly string _now;

    public FieldManagers(ResourceKind kind, JsonNode? managedFields, DateTimeOffset now)
    {
        (_kind, _now) = (kind, ObjectMetadata.Timestamp(now));
        foreach (var entry in (managedFields as JsonArray)?.OfType<JsonObject>().Take(MaxManagers) ?? [])
        {
            var manager = new FieldManager(
                entry.Text("manager") ?? "unknown",
                entry.Text("operation") == "Apply",
                entry.Text("subresource") == "status"
            );
            if (FieldPaths.FromTree(entry.Object("fieldsV1")) is { Count: > 0 } fields)
                _entries.Add((manager, fields, entry));
        }
    }

    public HashSet<string> Owned(FieldManager manager) => _entries.Find(e => e.Manager == manager).Fields ?? [];

    public IEnumerable<(FieldManager Manager, HashSet<string> Fields)> Others(FieldManager manager) =>
        _entries.Where(e => e.Manager != manager).Select(e => (e.Manager, e.Fields));

    /// <summary>Records an update: its writer owns what it changed, and what is gone has no owner.</summary>
    public void Update(FieldManager writer, Dictionary<string, JsonNode?> before, Dictionary<string, JsonNode?> after)
    {
        var changed = after
            .Where(f => !before.TryGetValue(f.Key, out var was) || !JsonNode.DeepEquals(was, f.Value))
            .Select(f => f.Key)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var (manager, fields, _) in _entries)
        {
            fields.RemoveWhere(f => before.ContainsKey(f) && !after.ContainsKey(f));
            if (manager != writer)
                fields.ExceptWith(changed);
        }
        if (changed.Count > 0)
            Set(writer, [.. Owned(writer), .. changed], changesValues: true);
    }

    /// <summary>Says which fields a manager owns.</summary>
    /// <param name="manager">The manager.</param>
    /// <param name="fields">All its fields.</param>
    /// <param name="changesValues">Whether it gives one of them another value, and its entry the time of now.</param>
    public void Set(FieldManager manager, HashSet<string> fields, bool changesValues)
    {
        var index = _entries.FindIndex(e => e.Manager == manager);
        if (index >= 0)
            _entries[index] = (manager, fields, changesValues ? [] : _entries[index].Entry);
        else if (_entries.Count < MaxManagers)
            _entries.Add((manager, fields, []));
    }

    /// <summary>
    /// The entries; those whose fields and their values did not change keep their time, as on a real server
    /// (ManagedFieldsEntry.time).
    /// </summary>
    public JsonArray ToJson()
    {
        var json = new JsonArray();
        foreach (var (manager, fields, entry) in _entries.Where(e => e.Fields.Count > 0))
        {
            var tree = FieldPaths.ToTree(fields);
            var same = JsonNode.DeepEquals(tree, entry.Object("fieldsV1"));
            var next = new JsonObject
            {
                ["manager"] = manager.Name,
                ["operation"] = manager.IsApply ? "Apply" : "Update",
                ["apiVersion"] = _kind.ApiVersion,
                ["time"] = same && entry.Text("time") is { } time ? time : _now,
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = tree,
            };
            if (manager.IsStatus)
                next["subresource"] = "status";
            json.Add((JsonNode)next);
        }
        return json;
    }
}
