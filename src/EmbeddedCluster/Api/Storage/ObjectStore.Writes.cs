using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Patching;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Validation;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <content>Create, update and delete.</content>
public sealed partial class ObjectStore
{
    /// <summary>
    /// Stores a new object, which has metadata.name or metadata.generateName and belongs to the store afterwards. Its
    /// namespace must exist (empty for cluster-wide kinds); apiVersion and kind are filled in when absent.
    /// </summary>
    /// <param name="kind">Its kind; apiVersion and kind are filled in when absent and must agree otherwise.</param>
    /// <param name="ns">Its namespace, which must exist; empty for cluster-wide kinds.</param>
    /// <param name="o">
    /// The object, with metadata.name or metadata.generateName. Belongs to the store afterwards.
    /// </param>
    /// <param name="dryRun">Only say what would happen.</param>
    /// <returns>What was stored, or 400, 403 (limits, protected), 404 (no such namespace), 409 (exists), 422.</returns>
    public Outcome<StoredObject> Create(ResourceKind kind, string ns, JsonObject o, bool dryRun = false) =>
        Create(kind, ns, o, new WriteOptions(DryRun: dryRun));

    internal Outcome<StoredObject> Create(ResourceKind kind, string ns, JsonObject o, WriteOptions options)
    {
        if (SchemaCheck.Apply(kind, o, options.Unknown) is { } misshapen)
            return misshapen;
        if (CheckPlace(kind, ns, o) is { } misplaced)
            return misplaced;
        var metadata = o.Ensure("metadata");
        if (metadata.Text("resourceVersion") is { Length: > 0 })
            return ApiStatus.BadRequest("resourceVersion should not be set on objects to be created");
        if (kind.HasStatus && !kind.KeepsStatusOnCreate)
            o.Remove("status");
        Identify(kind, ns, o);
        ObjectMetadata.InitialiseServerOwned(kind, metadata, _time);
        kind.Defaults?.Invoke(o);
        lock (_lock)
        {
            if (kind.Namespaced && !Namespaces.Objects.ContainsKey(new ObjectKey("", ns)))
                return ApiStatus.NotFound(ResourceKinds.Namespaces, ns);
            if (GenerateName_NeedsLock(kind, ns, metadata) is { } taken)
                return taken;
            var name = metadata.Text("name") ?? "";
            if (_tables[kind].Objects.ContainsKey(new ObjectKey(ns, name)))
                return ApiStatus.AlreadyExists(kind, name);
            if (Check_NeedsLock(kind, ns, name, o, old: null, isStatus: false, options.DryRun) is { } refused)
                return refused;
            TrackManager(kind, o, old: null, options);
            if (options.DryRun)
                return DryRun(kind, o);
            ForgetOldest_NeedsLock(kind);
            var created = Commit_NeedsLock(kind, o, old: null, isDeletion: false);
            if (created.Value is { } stored)
                CollectAbandoned_NeedsLock(stored);
            return created;
        }
    }

    private void ForgetOldest_NeedsLock(ResourceKind kind)
    {
        var objects = _tables[kind].Objects;
        if (kind.MaxKept == 0 || objects.Count < kind.MaxKept)
            return;
        var oldest = objects.Values.MinBy(o => o.ResourceVersion)!;
        Remove_NeedsLock(oldest, oldest.Copy());
    }

    /// <summary>
    /// Replaces an object by a whole new one, which belongs to the store afterwards; a metadata.resourceVersion in it
    /// must be the current one. Writes only <c>status</c> (the status subresource) or everything but it.
    /// </summary>
    /// <returns>The object now, or 400, 403, 404, 409 (changed meanwhile), 422.</returns>
    public Outcome<StoredObject> Update(
        ResourceKind kind,
        string ns,
        string name,
        JsonObject o,
        bool status = false,
        bool dryRun = false
    ) => Change(kind, ns, name, _ => o, status, dryRun);

    /// <summary>
    /// Reads, changes and writes an object in one step, so that no conflict is possible. The change gives the new
    /// object from the present one (take a <see cref="StoredObject.Copy"/>), or a refusal; it runs under the lock and
    /// must be quick.
    /// </summary>
    public Outcome<StoredObject> Change(
        ResourceKind kind,
        string ns,
        string name,
        Func<StoredObject, Outcome<JsonObject>> change,
        bool status = false,
        bool dryRun = false
    ) => Change(kind, ns, name, change, new WriteOptions(status, dryRun));

    internal Outcome<StoredObject> Change(
        ResourceKind kind,
        string ns,
        string name,
        Func<StoredObject, Outcome<JsonObject>> change,
        WriteOptions options
    )
    {
        lock (_lock)
        {
            if (!_tables[kind].Objects.TryGetValue(new ObjectKey(ns, name), out var old))
                return ApiStatus.NotFound(kind, name);
            var (proposed, failure) = change(old);
            if (failure is not null)
                return failure;
            return Update_NeedsLock(kind, old, proposed!, options);
        }
    }

    private Outcome<StoredObject> Update_NeedsLock(
        ResourceKind kind,
        StoredObject old,
        JsonObject o,
        WriteOptions options
    )
    {
        var status = options.Status;
        if (SchemaCheck.Apply(kind, o, options.Unknown) is { } misshapen)
            return misshapen;
        if (kind.Namespaced && o["metadata"]!.AsObject().Text("namespace") is { Length: > 0 } ns && ns != old.Namespace)
            return ApiStatus.BadRequest(
                $"the namespace of the object ({ns}) does not match the namespace on the request ({old.Namespace})"
            );
        if (CheckPlace(kind, old.Namespace, o) is { } misplaced)
            return misplaced;
        if (CheckPreconditions(old, o.Ensure("metadata")) is { } conflict)
            return conflict;
        if (AdoptedByTheDead_NeedsLock(old, o) is { } gone)
            return gone;
        o = OnlyWritable(kind, old, o, status);
        kind.Defaults?.Invoke(o);
        if (Check_NeedsLock(kind, old.Namespace, old.Name, o, old, status, options.DryRun) is { } refused)
            return refused;

        TrackManager(kind, o, old, options);

        // An update that changes nothing keeps its version and raises no event.
        var metadata = o["metadata"]!.AsObject();
        metadata["resourceVersion"] = old.View["metadata"]!["resourceVersion"]!.DeepClone();
        if (JsonNode.DeepEquals(o, old.View))
            return old;
        if (kind.HasGeneration && !status && !SameButMetadataAndStatus(o, old.View))
            metadata["generation"] = (old.View.NumberAt("metadata.generation") ?? 0) + 1;
        if (options.DryRun)
            return DryRun(kind, o);
        var isLastFinalizer =
            metadata["deletionTimestamp"] is not null
            && metadata.NumberAt(GraceField) is null or 0
            && metadata["finalizers"] is not JsonArray { Count: > 0 };
        return isLastFinalizer ? Remove_NeedsLock(old, o) : Commit_NeedsLock(kind, o, old, isDeletion: false);
    }

    /// <summary>Puts back what this way of writing does not own: status, or everything else.</summary>
    private static JsonObject OnlyWritable(ResourceKind kind, StoredObject old, JsonObject o, bool status)
    {
        var (body, statusFrom) = status ? (old.Copy(), o) : (o, old.View);
        if (kind.HasStatus || status)
        {
            if (statusFrom["status"] is { } value)
                body["status"] = value.DeepClone();
            else
                body.Remove("status");
        }
        if (status && o.Object("metadata")?["managedFields"] is { } managed)
            body["metadata"]!["managedFields"] = managed.DeepClone();
        Identify(kind, old.Namespace, body);
        ObjectMetadata.KeepServerOwned(body.Ensure("metadata"), old.View["metadata"]!.AsObject());
        return body;
    }

    private static ApiStatus? CheckPlace(ResourceKind kind, string ns, JsonObject o)
    {
        var given = o["metadata"]!.AsObject().Text("namespace") ?? "";
        if (kind.Namespaced && ns.Length == 0)
            return ApiStatus.BadRequest("an empty namespace may not be set during creation");
        if (given.Length > 0 && given != (kind.Namespaced ? ns : ""))
            return ApiStatus.BadRequest(
                "the namespace of the provided object does not match the namespace sent on the request: "
                    + $"\"{given}\", \"{ns}\""
            );
        return null;
    }

    private static ApiStatus? CheckPreconditions(StoredObject old, JsonObject metadata)
    {
        if (metadata.Text("name") is { Length: > 0 } name && name != old.Name)
            return ApiStatus.BadRequest(
                $"the name of the object ({name}) does not match the name on the URL ({old.Name})"
            );
        if (Differs("UID", metadata.Text("uid"), old.Uid) is { } otherUid)
            return ApiStatus.Conflict(old.Kind, old.Name, otherUid);
        if (metadata.Text("resourceVersion") is not { Length: > 0 } version)
            return null;
        var invalid = FieldError.Invalid("metadata.resourceVersion", version, "must be specified for an update");
        if (!ulong.TryParse(version, out var number))
            return ApiStatus.Invalid(old.Kind, old.Name, [invalid]);
        var isCurrent = number == (ulong)old.ResourceVersion || number == 0;
        return isCurrent ? null : ApiStatus.Outdated(old.Kind, old.Name);
    }

    /// <summary>
    /// Everything that can refuse a complete object: metadata rules, immutable fields, admission, limits.
    /// </summary>
    private ApiStatus? Check_NeedsLock(
        ResourceKind kind,
        string ns,
        string name,
        JsonObject o,
        StoredObject? old,
        bool isStatus,
        bool dryRun
    )
    {
        var errors = new List<FieldError>();
        ObjectMetadata.Check(kind, o["metadata"]!.AsObject(), errors);
        foreach (var path in kind.RequiredFields.Where(p => o.At(p) is null or JsonArray { Count: 0 }))
            errors.Add(FieldError.Required(path));
        if (!isStatus)
            errors.AddRange(kind.Rules(o));
        if (old is not null && !isStatus)
            errors.AddRange(kind.UpdateRules(old.View, o));
        foreach (var path in old is null ? [] : kind.ImmutableFields)
            if (old!.View.At(path) is { } was && !JsonNode.DeepEquals(was, o.At(path)))
                errors.Add(FieldError.Invalid(path, o.At(path)?.DeepClone(), "field is immutable"));
        if (errors.Count == 0)
        {
            var request = new AdmissionRequest(kind, ns, name, o, old, isStatus, dryRun);
            foreach (var admission in _tables[kind].Admissions)
                errors.AddRange(admission(request));
        }
        if (errors.Count > 0)
            return ApiStatus.Invalid(kind, name, errors);
        string? exceeded = null;
        if (old is null && _objects >= _limits.MaxObjects)
            exceeded = $"the embedded cluster holds at most {_limits.MaxObjects} objects";
        else if (_bytes > _limits.MaxBytes)
            exceeded = $"the objects of the embedded cluster hold at most {_limits.MaxBytes} bytes";
        return exceeded is null ? null : ApiStatus.Forbidden(kind, name, $"exceeded quota: {exceeded}");
    }

    private ApiStatus? GenerateName_NeedsLock(ResourceKind kind, string ns, JsonObject metadata)
    {
        if (metadata.Text("name") is { Length: > 0 } || metadata.Text("generateName") is not { Length: > 0 } prefix)
            return null;
        for (var attempt = 0; attempt < GenerateAttempts; attempt++)
        {
            var name = ObjectMetadata.GenerateName(prefix);
            metadata["name"] = name;
            if (!_tables[kind].Objects.ContainsKey(new ObjectKey(ns, name)))
                return null;
        }
        return ApiStatus.AlreadyExists(kind, prefix);
    }

    private static void Identify(ResourceKind kind, string ns, JsonObject o)
    {
        o["apiVersion"] = kind.ApiVersion;
        o["kind"] = kind.Kind;
        var metadata = o.Ensure("metadata");
        if (kind.Namespaced)
            metadata["namespace"] = ns;
        else
            metadata.Remove("namespace");
    }

    private void TrackManager(ResourceKind kind, JsonObject o, StoredObject? old, WriteOptions options)
    {
        if (options.Manager is not { } manager)
            return;
        var schema = Schema.Of(kind);
        var metadata = o["metadata"]!.AsObject();
        var managers = new FieldManagers(kind, metadata["managedFields"], _time.GetUtcNow());
        managers.Update(manager, old is null ? [] : FieldPaths.Of(schema, old.View), FieldPaths.Of(schema, o));
        if (managers.ToJson() is { Count: > 0 } managed)
            metadata["managedFields"] = managed;
        else
            metadata.Remove("managedFields");
    }

    private StoredObject DryRun(ResourceKind kind, JsonObject o) => new(kind, o, _resourceVersion);

    private static bool SameButMetadataAndStatus(JsonObject a, JsonObject b)
    {
        static bool Counts(string key) => key is not ("metadata" or "status");
        return a.Count(m => Counts(m.Key)) == b.Count(m => Counts(m.Key))
            && a.Where(m => Counts(m.Key)).All(m => b.ContainsKey(m.Key) && JsonNode.DeepEquals(m.Value, b[m.Key]));
    }
}
