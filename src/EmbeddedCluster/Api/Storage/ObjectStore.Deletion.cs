using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>How to delete.</summary>
/// <param name="Uid">Delete only the object with this uid; null for any.</param>
/// <param name="ResourceVersion">Delete only this version; null for any.</param>
/// <param name="Orphan">Leave objects that name the deleted one as their owner; otherwise they are deleted with it.</param>
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
    /// Deletes an object at once: of a namespace its contents too, of an owner its dependents. With finalizers it stays, marked with a
    /// deletionTimestamp, until an update removes the last of them.
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
            if (options.Uid is { Length: > 0 } uid && uid != old.Uid)
                return ApiStatus.Conflict(
                    kind,
                    name,
                    $"Precondition failed: UID in precondition: {uid}, UID in object meta: {old.Uid}"
                );
            if (
                options.ResourceVersion is { Length: > 0 } version
                && version != old.View.TextAt("metadata.resourceVersion")
            )
                return ApiStatus.Conflict(
                    kind,
                    name,
                    $"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {old.ResourceVersion}"
                );
            return options.DryRun ? old : Delete_NeedsLock(old, options.Orphan);
        }
    }

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
            foreach (
                var content in _tables
                    .Values.SelectMany(t => t.Objects.Values)
                    .Where(o => o.Namespace == old.Name && o.Kind.Namespaced)
                    .ToList()
            )
            {
                if (_tables[content.Kind].Objects.TryGetValue(content.Key, out var current))
                    Remove_NeedsLock(current, current.Copy());
            }
        }

        var removed = Commit_NeedsLock(old.Kind, last, old, isDeletion: true).OrThrow();
        if (!orphan && _dependentsByOwnerUid.TryGetValue(old.Uid, out var dependents))
        {
            foreach (var (kind, key) in dependents.ToList())
            {
                if (
                    _tables[kind].Objects.TryGetValue(key, out var dependent)
                    && !HasOtherOwner_NeedsLock(dependent, old.Uid)
                )
                    Delete_NeedsLock(dependent, orphan: false);
            }
        }

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
        return kind is not null
            && _tables[kind]
                .Objects.TryGetValue(
                    new ObjectKey(kind.Namespaced ? dependent.Namespace : "", owner.Text("name") ?? ""),
                    out var found
                )
            && found.Uid == uid;
    }
}
