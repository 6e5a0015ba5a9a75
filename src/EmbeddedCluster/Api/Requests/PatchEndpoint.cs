using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Patching;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>The four kinds of patch.</summary>
internal sealed class PatchEndpoint(ObjectStore store, RequestBody bodies, TimeProvider time)
{
    private const string JsonPatch = "application/json-patch+json";
    private const string MergePatch = "application/merge-patch+json";
    private const string StrategicPatch = "application/strategic-merge-patch+json";
    private const string ApplyPatch = "application/apply-patch+yaml";

    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var type = RequestBody.MediaType(context.Request);
        if (target.IsScale && type == ApplyPatch)
            type = "";
        var known = type is JsonPatch or MergePatch or ApplyPatch || (type == StrategicPatch && target.Kind.IsBuiltIn);
        var (query, badQuery) = WriteQuery.Parse(context, target, isApply: type == ApplyPatch);
        if ((known ? badQuery : RequestBody.UnsupportedMediaType(Accepted(target.Kind))) is { } bad)
        {
            await context.WriteAsync(bad);
            return;
        }
        var (patch, failure) = await bodies.ReadAsync(context, allowYaml: type == ApplyPatch);
        if (failure is not null)
        {
            await context.WriteAsync(failure);
            return;
        }
        Outcome<JsonObject> Patch(StoredObject current) => Patched(target, type, current, patch);
        var (kind, ns, name) = (target.Kind, target.Namespace, target.Name!);
        var (outcome, isNew) =
            type == ApplyPatch
                ? Apply(target, query!, patch)
                : (store.Change(kind, ns, name, Patch, query!.Options), false);
        if (outcome.Value is { } written)
            query!.Warn(context, store.WarningsOf(written));
        await context.AnswerAsync(outcome, target.Kind, time, isNew ? 201 : 200, target.IsScale);
    }

    private static string Accepted(ResourceKind kind) =>
        $"{JsonPatch}, {MergePatch}, {ApplyPatch}{(kind.IsBuiltIn ? $", {StrategicPatch}" : "")}";

    private static Outcome<JsonObject> Patched(RequestTarget target, string type, StoredObject current, JsonNode? patch)
    {
        var before = target.IsScale ? Scale.Of(current) : current.Copy();
        var after = (type, patch) switch
        {
            (JsonPatch, JsonArray operations) => Patches.Apply(before, operations),
            (MergePatch, JsonObject changes) => Patches.Merge(before, changes)!.AsObject(),
            (StrategicPatch, JsonObject changes) => StrategicMerge.Apply(Schema.Of(target.Kind), before, changes),
            _ => ApiStatus.BadRequest("a JSON patch is an array of operations, every other patch an object"),
        };
        return target.IsScale && after.Value is { } scale ? Scale.Into(current, scale) : after;
    }

    private (Outcome<StoredObject> Outcome, bool IsNew) Apply(RequestTarget target, WriteQuery query, JsonNode? body)
    {
        var (kind, ns, name) = (target.Kind, target.Namespace, target.Name!);
        var (config, refused) = Configuration(kind, name, query, body);
        if (refused is not null)
            return (refused, false);
        var existing = Changed();
        if (existing.Failure is not { Code: 404 } || target.Subresource is not null)
            return (existing, false);
        var (fresh, conflict) = Merged(null);
        var created = conflict ?? store.Create(kind, ns, fresh!, query.Options);
        // Another client may have created it meanwhile.
        return created.Failure is { Reason: "AlreadyExists" } ? (Changed(), false) : (created, true);

        Outcome<StoredObject> Changed() =>
            store.Change(kind, ns, name, current => Merged(current.Copy()), query.Options);

        Outcome<JsonObject> Merged(JsonObject? live) =>
            ServerSideApply.Apply(kind, live, config!, query.Manager, query.Force, time.GetUtcNow());
    }

    /// <summary>The body of an apply patch, with the name from the URL.</summary>
    private static Outcome<JsonObject> Configuration(ResourceKind kind, string name, WriteQuery query, JsonNode? body)
    {
        if (!query.HasManager)
            return ApiStatus.BadRequest(
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
            );
        if (body is not JsonObject config)
            return ApiStatus.BadRequest("the body of an apply patch must be an object");
        if (config.Text("apiVersion") is null || config.Text("kind") is null)
            return ApiStatus.BadRequest("the body of an apply patch needs apiVersion and kind");
        if (SchemaCheck.Apply(kind, config, query.Options.Unknown) is { } misshapen)
            return misshapen;
        var metadata = config["metadata"]!.AsObject();
        if (metadata["managedFields"] is not null)
            return ApiStatus.BadRequest("metadata.managedFields must be nil");
        if (metadata.Text("name") is { } other && other != name)
            return ApiStatus.BadRequest(
                $"the name of the object ({other}) does not match the name on the URL ({name})"
            );
        metadata["name"] = name;
        return config;
    }
}
