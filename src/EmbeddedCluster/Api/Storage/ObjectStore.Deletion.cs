using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>How to delete.</summary>
/// <param name="Uid">Delete only the object with this uid; null for any.</param>
/// <param name="ResourceVersion">Delete only this version; null for any.</param>
/// <param name="Orphan">
/// Leave objects that name the deleted one as their owner; otherwise they are deleted with it.
/// </param>
/// <param name="DryRun">Only say what would happen.</param>
public sealed record DeleteOptions(
    string? Uid = null,
    string? ResourceVersion = null,
    bool Orphan = false,
    bool DryRun = false
);

/// <content>Deletion and what follows from it.</content>
public sealed partial class ObjectStore
{
    /// <summary>
    /// Deletes an object at once: of a namespace its contents too, of an owner its dependents. With finalizers it
    /// stays, marked with a deletionTimestamp, until an update removes the last of them.
    /// </summary>
    /// <returns>The last state of the object, or 403 (permanent namespace), 404, 409 (preconditions).</returns>
    public Outcome<StoredObject> Delete(ResourceKind kind, string ns, string name, DeleteOptions? options = null)
    {
        options ??= new DeleteOptions();
        lock (_lock)
        {
            if (!_tables[kind].Objects.TryGetValue(new ObjectKey(ns, name), out var old))
                return ApiStatus.NotFound(kind, name);
            if (kind == ResourceKinds.Namespaces && s_permanentNamespaces.Contains(name))
                return ApiStatus.Forbidden(kind, name, "this namespace may not be deleted");
            if (Differs("UID", options.Uid, old.Uid) is { } otherUid)
                return ApiStatus.Conflict(kind, name, otherUid);
            var version = old.View.TextAt("metadata.resourceVersion");
            if (Differs("ResourceVersion", options.ResourceVersion, version) is { } otherVersion)
                return ApiStatus.Conflict(kind, name, otherVersion);
            return options.DryRun ? old : Delete_NeedsLock(old, options.Orphan);
        }
    }

    /// <summary>Says that a precondition fails; null when it holds or there is none.</summary>
    private static string? Differs(string what, string? wanted, string present) =>
        string.IsNullOrEmpty(wanted) || wanted == present
            ? null
            : $"Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {present}";

    /// <summary>Deletes all selected objects of a kind in one step.</summary>
    /// <returns>Their last states.</returns>
    public IReadOnlyList<StoredObject> DeleteCollection(
        ResourceKind kind,
        Selection selection,
        DeleteOptions? options = null
    )
    {
        lock (_lock)
        {
            var selected = _tables[kind]
                .Objects.Values.Where(selection.Matches)
                .Where(o => kind != ResourceKinds.Namespaces || !s_permanentNamespaces.Contains(o.Name))
                .ToList();
            if (options?.DryRun != true)
            {
                foreach (var o in selected)
                {
                    // An earlier deletion of this very call may have taken it along.
                    if (_tables[kind].Objects.TryGetValue(o.Key, out var current) && current.Uid == o.Uid)
                        Delete_NeedsLock(current, options?.Orphan == true);
                }
            }
            return selected;
        }
    }

    private StoredObject Delete_NeedsLock(StoredObject old, bool orphan)
    {
        var o = old.Copy();
        var metadata = o["metadata"]!.AsObject();
        if (metadata["finalizers"] is JsonArray { Count: > 0 })
        {
            if (metadata["deletionTimestamp"] is not null)
                return old;
            metadata["deletionTimestamp"] = ObjectMetadata.Timestamp(_time.GetUtcNow());
            metadata["deletionGracePeriodSeconds"] = 0;
            return Commit_NeedsLock(old.Kind, o, old, isDeletion: false).Value ?? old;
        }
        return Remove_NeedsLock(old, o, orphan);
    }

    private StoredObject Remove_NeedsLock(StoredObject old, JsonObject last, bool orphan = false)
    {
        // Contents go before the namespace, so that a watcher never sees an object in a namespace that is gone.
        if (old.Kind == ResourceKinds.Namespaces)
        {
            var all = _tables.Values.SelectMany(t => t.Objects.Values);
            foreach (var content in all.Where(o => o.Namespace == old.Name && o.Kind.Namespaced).ToList())
                if (_tables[content.Kind].Objects.TryGetValue(content.Key, out var current))
                    Remove_NeedsLock(current, current.Copy());
        }
        var removed = Commit_NeedsLock(old.Kind, last, old, isDeletion: true).OrThrow();
        if (orphan || !_dependentsByOwnerUid.TryGetValue(old.Uid, out var dependents))
            return removed;
        foreach (var (kind, key) in dependents.ToList())
            if (_tables[kind].Objects.TryGetValue(key, out var owned) && !HasOtherOwner_NeedsLock(owned, old.Uid))
                Delete_NeedsLock(owned, orphan: false);
        return removed;
    }

    private bool HasOtherOwner_NeedsLock(StoredObject dependent, string uid) =>
        dependent
            .View.Object("metadata")
            .Objects("ownerReferences")
            .Any(owner => owner.Text("uid") is { } other && other != uid && Exists_NeedsLock(dependent, owner, other));

    private bool Exists_NeedsLock(StoredObject dependent, JsonObject owner, string uid)
    {
        var kind = ResourceKinds.All.FirstOrDefault(k =>
            k.Kind == owner.Text("kind") && k.ApiVersion == owner.Text("apiVersion")
        );
        if (kind is null)
            return false;
        var key = new ObjectKey(kind.Namespaced ? dependent.Namespace : "", owner.Text("name") ?? "");
        return _tables[kind].Objects.TryGetValue(key, out var found) && found.Uid == uid;
    }
}
