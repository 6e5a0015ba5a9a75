using System.Globalization;
using System.Text.Json.Nodes;

namespace CiliumDebugging.ClusterSetup.Embedded.Api;

/// <summary>The verbs on resources.</summary>
internal sealed class ResourceEndpoint(ApiServerOptions options, ObjectStore store, ILogger logger, CancellationToken stopping)
{
    private readonly RequestBody _bodies = new(options.BodiesMax, options.Time);
    private readonly WatchEndpoint _watches = new(options, store, logger, stopping);

    public Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var verb = context.Request.Method;
        if (Table.Accepted(context.Request) == Form.Unknown)
            return context.WriteAsync(new ApiStatus(406, "NotAcceptable", "only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io"));
        if (target.Name is null)
        {
            return verb switch
            {
                "GET" or "HEAD" when Flag(context, "watch") => _watches.HandleAsync(context, target),
                "GET" or "HEAD" => ListAsync(context, target),
                "POST" when target.Namespace.Length > 0 || !target.Kind.Namespaced => CreateAsync(context, target),
                "DELETE" when target.Namespace.Length > 0 || !target.Kind.Namespaced => DeleteCollectionAsync(context, target),
                _ => context.WriteAsync(ApiStatus.MethodNotAllowed),
            };
        }

        return verb switch
        {
            "GET" or "HEAD" => ReadAsync(context, target),
            "PUT" => UpdateAsync(context, target),
            "PATCH" => PatchAsync(context, target),
            "DELETE" when target.Subresource is null => DeleteAsync(context, target),
            _ => context.WriteAsync(ApiStatus.MethodNotAllowed),
        };
    }

    private static bool Flag(HttpContext context, string name) => context.Request.Query[name].ToString() is "true" or "1" or "True";

    private static Task AnswerAsync(HttpContext context, Outcome<StoredObject> outcome, int code = 200) =>
        outcome.Failure is { } failure ? context.WriteAsync(failure) : context.WriteAsync(outcome.Value!.Json, code);

    private Task ReadAsync(HttpContext context, RequestTarget target)
    {
        var outcome = store.Get(target.Kind, target.Namespace, target.Name!);
        return outcome.Value is { } found && Table.For(context, target.Kind, options.Time) is { } table ? context.WriteAsync(table.Of(found)) : AnswerAsync(context, outcome);
    }

    private async Task ListAsync(HttpContext context, RequestTarget target)
    {
        var (selection, badSelector) = ListQuery.Selection(context.Request.Query, target);
        var (page, badPage) = ListQuery.Page(context.Request.Query);
        if ((badSelector ?? badPage) is { } bad)
        {
            await context.WriteAsync(bad);
            return;
        }

        var (list, failure) = store.List(target.Kind, selection!, page!);
        if (failure is not null)
            await context.WriteAsync(failure);
        else if (Table.For(context, target.Kind, options.Time) is { } table)
            await context.WriteAsync(table.Of(list!.Items, ListResponse.Metadata(list)));
        else
            await ListResponse.WriteAsync(context, target.Kind, list!);
    }

    private async Task CreateAsync(HttpContext context, RequestTarget target)
    {
        if (!TryDryRun(context, out var dryRun, out var refused))
        {
            await context.WriteAsync(refused!);
            return;
        }

        var (o, failure) = await _bodies.ReadObjectAsync(context);
        if (failure is not null)
            await context.WriteAsync(failure);
        else
            await AnswerAsync(context, store.Create(target.Kind, target.Namespace, o!, dryRun), 201);
    }

    private async Task UpdateAsync(HttpContext context, RequestTarget target)
    {
        if (!TryDryRun(context, out var dryRun, out var refused))
        {
            await context.WriteAsync(refused!);
            return;
        }

        var (o, failure) = await _bodies.ReadObjectAsync(context);
        if (failure is not null)
        {
            await context.WriteAsync(failure);
            return;
        }

        var status = target.Subresource == "status";
        var mayCreate = target.Kind.CreatesOnUpdate && !status && store.Get(target.Kind, target.Namespace, target.Name!).Failure is not null;
        if (mayCreate && (o!["metadata"] as JsonObject)?.Text("name") == target.Name)
            await AnswerAsync(context, store.Create(target.Kind, target.Namespace, o!, dryRun), 201);
        else
            await AnswerAsync(context, store.Update(target.Kind, target.Namespace, target.Name!, o!, status, dryRun));
    }

    private async Task PatchAsync(HttpContext context, RequestTarget target)
    {
        if (!TryDryRun(context, out var dryRun, out var refused))
        {
            await context.WriteAsync(refused!);
            return;
        }

        var type = RequestBody.MediaType(context.Request);
        if (type is not ("application/merge-patch+json" or "application/json-patch+json"))
        {
            await context.WriteAsync(RequestBody.UnsupportedMediaType("application/json-patch+json, application/merge-patch+json"));
            return;
        }

        var (patch, failure) = await _bodies.ReadAsync(context);
        if (failure is not null)
        {
            await context.WriteAsync(failure);
            return;
        }

        var outcome = store.Change(target.Kind, target.Namespace, target.Name!, Patched, target.Subresource == "status", dryRun);
        await AnswerAsync(context, outcome);

        Outcome<JsonObject> Patched(StoredObject current) => (type, patch) switch
        {
            ("application/json-patch+json", JsonArray operations) => Patches.Apply(current.Copy(), operations),
            ("application/merge-patch+json", JsonObject changes) => Patches.Merge(current.Copy(), changes)!.AsObject(),
            _ => ApiStatus.BadRequest("a JSON patch is an array of operations, a merge patch an object"),
        };
    }

    private async Task DeleteAsync(HttpContext context, RequestTarget target)
    {
        var (deletion, failure) = await ReadDeleteOptionsAsync(context);
        if (failure is not null)
        {
            await context.WriteAsync(failure);
            return;
        }

        var outcome = store.Delete(target.Kind, target.Namespace, target.Name!, deletion);
        if (outcome.Value is { } deleted && !target.Kind.ReturnsDeleted && deleted.View.At("metadata.deletionTimestamp") is null)
            await context.WriteAsync(ApiStatus.Deleted(deleted));
        else
            await AnswerAsync(context, outcome);
    }

    private async Task DeleteCollectionAsync(HttpContext context, RequestTarget target)
    {
        var (selection, badSelector) = ListQuery.Selection(context.Request.Query, target);
        var (deletion, badOptions) = await ReadDeleteOptionsAsync(context);
        if ((badSelector ?? badOptions) is { } bad)
        {
            await context.WriteAsync(bad);
            return;
        }

        var deleted = store.DeleteCollection(target.Kind, selection!, deletion);
        await ListResponse.WriteAsync(context, target.Kind, new ListResult(deleted, store.ResourceVersion, 0));
    }

    private async Task<Outcome<DeleteOptions>> ReadDeleteOptionsAsync(HttpContext context)
    {
        if (!TryDryRun(context, out var dryRun, out var refused))
            return refused!;
        var (body, failure) = await _bodies.ReadAsync(context);
        if (failure is not null)
            return failure;
        if (body is not (null or JsonObject))
            return ApiStatus.BadRequest("the body of a deletion must be DeleteOptions");
        var given = body as JsonObject ?? [];
        if (given["preconditions"] is not (null or JsonObject))
            return ApiStatus.BadRequest("preconditions must be an object");
        var policy = given.Text("propagationPolicy") ?? context.Request.Query["propagationPolicy"].ToString();
        if (policy is not ("" or "Background" or "Foreground" or "Orphan"))
            return ApiStatus.BadRequest($"DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"{policy}\": supported values: \"Background\", \"Foreground\", \"Orphan\"");
        var preconditions = given.Object("preconditions");
        var isDryRun = dryRun || given["dryRun"] is JsonArray { Count: > 0 };
        return new DeleteOptions(preconditions?.Text("uid"), preconditions?.Text("resourceVersion"), policy == "Orphan", isDryRun);
    }

    private static bool TryDryRun(HttpContext context, out bool dryRun, out ApiStatus? refused)
    {
        var value = context.Request.Query["dryRun"].ToString();
        dryRun = value == "All";
        refused = value is "" or "All" ? null : ApiStatus.BadRequest($"invalid dryRun value {value.Length.ToString(CultureInfo.InvariantCulture)} characters long: supported value: All");
        return refused is null;
    }
}
