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
/// <param name="GracePeriodSeconds">How long a Pod may take to end; null: as its spec says. Other kinds end at
/// once.</param>
public sealed record DeleteOptions(
    string? Uid = null,
    string? ResourceVersion = null,
    bool Orphan = false,
    bool DryRun = false,
    long? GracePeriodSeconds = null
);

/// <content>Deletion and what follows from it.</content>
public sealed partial class ObjectStore
{
    private const string GraceField = "deletionGracePeriodSeconds";

    /// <summary>
    /// Deletes an object at once: of a namespace its contents too, of an owner its dependents. With finalizers it
    /// stays, marked with a deletionTimestamp, until an update removes the last of them. So does a Pod that a kubelet
    /// runs, until the kubelet deletes it with a grace period of 0.
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
            return options.DryRun ? old : Delete_NeedsLock(old, options);
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
                        Delete_NeedsLock(current, options ?? new DeleteOptions());
                }
            }
            return selected;
        }
    }

    private StoredObject Delete_NeedsLock(StoredObject old, DeleteOptions options)
    {
        var o = old.Copy();
        var metadata = o["metadata"]!.AsObject();
        var grace = GracePeriod(old, options.GracePeriodSeconds);
        if (grace == 0 && metadata["finalizers"] is not JsonArray { Count: > 0 })
            return Remove_NeedsLock(old, o, options.Orphan);
        // Another deletion can only bring the end forward.
        if (metadata["deletionTimestamp"] is not null && grace >= (metadata.NumberAt(GraceField) ?? 0))
            return old;
        metadata["deletionTimestamp"] = ObjectMetadata.Timestamp(_time.GetUtcNow().AddSeconds(grace));
        metadata[GraceField] = grace;
        return Commit_NeedsLock(old.Kind, o, old, isDeletion: false).Value ?? old;
    }

    /// <summary>Seconds that an object stays for the kubelet that runs it to end its program.</summary>
    private static long GracePeriod(StoredObject o, long? requested)
    {
        var isRunning =
            o.Kind == ResourceKinds.Pods
            && o.View.TextAt("status.hostIP").Length > 0
            && o.View.TextAt("status.phase") is not ("Succeeded" or "Failed");
        const long standard = 30;
        return isRunning ? requested ?? o.View.NumberAt("spec.terminationGracePeriodSeconds") ?? standard : 0;
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
        if (!_dependentsByOwnerUid.TryGetValue(old.Uid, out var dependents))
            return removed;
        foreach (var (kind, key) in dependents.ToList())
        {
            if (!_tables[kind].Objects.TryGetValue(key, out var owned))
                continue;
            if (orphan || HasOtherOwner_NeedsLock(owned, old.Uid))
                Disown_NeedsLock(owned, old.Uid);
            else
                Delete_NeedsLock(owned, new DeleteOptions());
        }
        return removed;
    }

    /// <summary>Takes an owner that is gone off an object, which another controller may adopt from then on.</summary>
    private void Disown_NeedsLock(StoredObject owned, string uid)
    {
        var o = owned.Copy();
        var metadata = o["metadata"]!.AsObject();
        var owners = metadata.Objects("ownerReferences").Where(owner => owner.Text("uid") != uid);
        var kept = Json.Array(owners.Select(owner => (JsonNode)owner.DeepClone()));
        if (kept.Count > 0)
            metadata["ownerReferences"] = kept;
        else
            metadata.Remove("ownerReferences");
        _ = Commit_NeedsLock(owned.Kind, o, owned, isDeletion: false).OrThrow();
    }

    /// <summary>
    /// Deletes an object whose owners are all gone: a controller that has not yet seen the end of an owner has written
    /// it. A real cluster's garbage collector does the same a moment later.
    /// </summary>
    private void CollectAbandoned_NeedsLock(StoredObject written)
    {
        var owners = written.View.Object("metadata").Objects("ownerReferences").ToList();
        if (owners.Count == 0 || !_tables[written.Kind].Objects.TryGetValue(written.Key, out var current))
            return;
        if (!owners.Exists(owner => owner.Text("uid") is { } uid && Exists_NeedsLock(written, owner, uid)))
            Delete_NeedsLock(current, new DeleteOptions());
    }

    /// <summary>
    /// Refuses a new owner that is gone: its controller has not yet seen that. (A real controller looks at the owner
    /// once more before it adopts.)
    /// </summary>
    private ApiStatus? AdoptedByTheDead_NeedsLock(StoredObject old, JsonObject o)
    {
        var before = old.View.Object("metadata").Objects("ownerReferences").Select(r => r.Text("uid")).ToList();
        var dead = o.Object("metadata")
            .Objects("ownerReferences")
            .FirstOrDefault(r => r.Text("uid") is { } uid && !before.Contains(uid) && !Exists_NeedsLock(old, r, uid));
        return dead is null
            ? null
            : ApiStatus.Conflict(
                old.Kind,
                old.Name,
                $"the owner {dead.Text("kind")} {dead.Text("name")} with uid {dead.Text("uid")} does not exist"
            );
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
            return true; // a kind that is not served: nothing is known of it
        var key = new ObjectKey(kind.Namespaced ? dependent.Namespace : "", owner.Text("name") ?? "");
        return _tables[kind].Objects.TryGetValue(key, out var found) && found.Uid == uid;
    }
}
