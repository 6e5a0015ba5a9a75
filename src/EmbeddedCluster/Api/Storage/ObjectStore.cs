using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>
/// The objects of the embedded cluster, in memory. One lock orders all writes: each gets the next resourceVersion, and
/// the history of its kind receives it in that order, so a watcher sees every change once. Objects given to the store
/// belong to it afterwards; objects it gives out are immutable versions. Starts with the namespaces of every cluster:
/// default, kube-system, kube-public, kube-node-lease.
/// </summary>
public sealed partial class ObjectStore
{
    private const int GenerateAttempts = 8;

    private static readonly string[] s_permanentNamespaces = ["default", "kube-system", "kube-public"];

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ObjectStoreLimits _limits;
    private readonly Dictionary<ResourceKind, KindTable> _tables;
    private readonly Dictionary<string, HashSet<(ResourceKind Kind, ObjectKey Key)>> _dependentsByOwnerUid = [];
    private long _resourceVersion;
    private int _objects;
    private long _bytes;

    public ObjectStore(TimeProvider time, ObjectStoreLimits? limits = null)
    {
        _time = time;
        _limits = limits ?? new ObjectStoreLimits();
        _tables = ResourceKinds.All.ToDictionary(k => k, _ => new KindTable(_limits));
        foreach (var name in (ReadOnlySpan<string>)[.. s_permanentNamespaces, "kube-node-lease"])
        {
            var metadata = new JsonObject { ["name"] = name };
            Create(ResourceKinds.Namespaces, "", new JsonObject { ["metadata"] = metadata }).OrThrow();
        }
    }

    /// <summary>Version of the latest write of any kind.</summary>
    public long ResourceVersion
    {
        get
        {
            lock (_lock)
                return _resourceVersion;
        }
    }

    /// <summary>Adds a check that every later create and update of a kind passes, after those already added.</summary>
    public void Admit(ResourceKind kind, Admission admission)
    {
        lock (_lock)
            _tables[kind].Admissions.Add(admission);
    }

    /// <summary>Adds warnings for the writers of a kind.</summary>
    public void Warn(ResourceKind kind, Func<JsonObject, IEnumerable<string>> warnings)
    {
        lock (_lock)
            _tables[kind].Warnings.Add(warnings);
    }

    /// <summary>The warnings for the writer of an object.</summary>
    public List<string> WarningsOf(StoredObject written)
    {
        List<Func<JsonObject, IEnumerable<string>>> all;
        lock (_lock)
            all = [.. _tables[written.Kind].Warnings];
        return [.. all.SelectMany(w => w(written.View))];
    }

    /// <summary>The object, or 404.</summary>
    public Outcome<StoredObject> Get(ResourceKind kind, string ns, string name)
    {
        lock (_lock)
            return _tables[kind].Objects.TryGetValue(new ObjectKey(ns, name), out var found)
                ? found
                : ApiStatus.NotFound(kind, name);
    }

    /// <summary>All selected objects, by namespace and name.</summary>
    public IReadOnlyList<StoredObject> List(ResourceKind kind, Selection? selection = null) =>
        List(kind, selection ?? Selection.All, new ListPage()).OrThrow().Items;

    /// <summary>One page of the selected objects, or 410 when the version it continues from is too old.</summary>
    internal Outcome<ListResult> List(ResourceKind kind, Selection selection, ListPage page)
    {
        lock (_lock)
        {
            var version = page.ResourceVersion ?? _resourceVersion;
            if (Math.Max(version, page.NotOlderThan) is var least && least > _resourceVersion)
                return ListPage.TooLarge(least, _resourceVersion);
            if (_tables[kind].At(version) is not { } objects)
                return ApiStatus.Expired(
                    "The provided continue parameter or resource version is too old to display a consistent list "
                        + "result. Start a new list without it."
                );
            var selected = new List<StoredObject>();
            var remaining = 0L;
            foreach (var (key, o) in objects)
            {
                if ((page.After is { } after && key.CompareTo(after) <= 0) || !selection.Matches(o))
                    continue;
                if (page.Limit > 0 && selected.Count == page.Limit)
                    remaining++;
                else
                    selected.Add(o);
            }
            return new ListResult(selected, version, remaining);
        }
    }

    /// <summary>The changes after a version.</summary>
    /// <param name="kind">What to watch.</param>
    /// <param name="selection">Which of them.</param>
    /// <param name="after">
    /// Version of the list the watch follows; null: begin with every present object as Added.
    /// </param>
    /// <returns>The watcher; 410 when the version is too old, 504 when it has not happened yet.</returns>
    public Outcome<Watcher> Watch(ResourceKind kind, Selection? selection = null, long? after = null)
    {
        selection ??= Selection.All;
        lock (_lock)
        {
            var table = _tables[kind];
            var version = after ?? _resourceVersion;
            if (version > _resourceVersion)
                return ListPage.TooLarge(version, _resourceVersion);
            if (table.Log.PositionAfter(version) is not { } position)
                return ApiStatus.Expired($"too old resource version: {version} ({table.Log.ForgottenVersion})");
            var initial = after is null ? table.Objects.Values.Where(selection.Matches).ToList() : [];
            return new Watcher(table.Log, selection, initial, position, version);
        }
    }

    private KindTable Namespaces => _tables[ResourceKinds.Namespaces];

    /// <summary>Gives a write its version, publishes it and keeps the books.</summary>
    private Outcome<StoredObject> Commit_NeedsLock(ResourceKind kind, JsonObject o, StoredObject? old, bool isDeletion)
    {
        var version = _resourceVersion + 1;
        o["metadata"]!["resourceVersion"] = $"{version}";
        var stored = new StoredObject(kind, o, version);
        var size = stored.Json.Length;
        var tooLarge = $"the object would have {size} bytes: the limit is {_limits.MaxObjectBytes}";
        if (size > _limits.MaxObjectBytes && !isDeletion)
            return new ApiStatus(413, "RequestEntityTooLarge", tooLarge);
        _resourceVersion = version;
        var table = _tables[kind];
        if (old is not null)
            Account_NeedsLock(old, -1);
        if (isDeletion)
            table.Objects.Remove(stored.Key);
        else
        {
            table.Objects[stored.Key] = stored;
            Account_NeedsLock(stored, +1);
        }
        old?.Supersede();
        table.Log.Append(new Change(version, stored, old, isDeletion));
        return stored;
    }

    private void Account_NeedsLock(StoredObject o, int sign)
    {
        _objects += sign;
        _bytes += sign * o.Json.Length;
        foreach (var owner in o.View.Object("metadata").Objects("ownerReferences"))
        {
            if (owner.Text("uid") is not { } uid)
                continue;
            if (!_dependentsByOwnerUid.TryGetValue(uid, out var dependents))
                _dependentsByOwnerUid[uid] = dependents = [];
            _ = sign > 0 ? dependents.Add((o.Kind, o.Key)) : dependents.Remove((o.Kind, o.Key));
            if (dependents.Count == 0)
                _dependentsByOwnerUid.Remove(uid);
        }
    }
}
