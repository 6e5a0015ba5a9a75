using System.Globalization;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>The verbs on resources.</summary>
internal sealed class ResourceEndpoint
{
    private readonly ApiServerOptions _options;
    private readonly ObjectStore _store;
    private readonly RequestBody _bodies;
    private readonly WatchEndpoint _watches;
    private readonly PatchEndpoint _patches;

    public ResourceEndpoint(ApiServerOptions options, ObjectStore store, ILogger logger, CancellationToken stopping)
    {
        (_options, _store) = (options, store);
        _bodies = new RequestBody(options.MaxBodyBytes, options.Time);
        _watches = new WatchEndpoint(options, store, logger, stopping);
        _patches = new PatchEndpoint(store, _bodies, options.Time);
    }

    public Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var verb = context.Request.Method;
        const string types = "application/json, application/json;as=Table;v=v1;g=meta.k8s.io";
        if (Table.Accepted(context.Request) == Form.Unknown)
            return context.WriteAsync(
                new ApiStatus(406, "NotAcceptable", $"only the following media types are accepted: {types}")
            );
        var isOnePlace = target.Namespace.Length > 0 || !target.Kind.Namespaced;
        if (target.Name is null)
            return verb switch
            {
                "GET" or "HEAD" when Flag(context, "watch") => _watches.HandleAsync(context, target),
                "GET" or "HEAD" => ListAsync(context, target),
                "POST" when isOnePlace => CreateAsync(context, target),
                "DELETE" when isOnePlace => DeleteCollectionAsync(context, target),
                _ => context.WriteAsync(ApiStatus.MethodNotAllowed),
            };
        return verb switch
        {
            "GET" or "HEAD" => GetAsync(context, target),
            "PUT" => UpdateAsync(context, target),
            "PATCH" => _patches.HandleAsync(context, target),
            "DELETE" when target.Subresource is null => DeleteAsync(context, target),
            _ => context.WriteAsync(ApiStatus.MethodNotAllowed),
        };
    }

    private Task GetAsync(HttpContext context, RequestTarget target)
    {
        var found = _store.Get(target.Kind, target.Namespace, target.Name!);
        return context.AnswerAsync(found, target.Kind, _options.Time, isScale: target.IsScale);
    }

    private static bool Flag(HttpContext context, string name) =>
        context.Request.Query[name].ToString() is "true" or "1" or "True";

    private async Task ListAsync(HttpContext context, RequestTarget target)
    {
        var (selection, badSelector) = ListQuery.Selection(context.Request.Query, target);
        var (page, badPage) = ListQuery.Page(context.Request.Query);
        if ((badSelector ?? badPage) is { } bad)
        {
            await context.WriteAsync(bad);
            return;
        }
        var (list, failure) = _store.List(target.Kind, selection!, page!);
        if (failure is not null)
            await context.WriteAsync(failure);
        else if (Table.For(context, target.Kind, _options.Time) is { } table)
            await context.WriteAsync(table.Of(list!.Items, ListResponse.Metadata(list)));
        else
            await ListResponse.WriteAsync(context, target.Kind, list!);
    }

    private async Task CreateAsync(HttpContext context, RequestTarget target)
    {
        var (write, failure) = await ReadWriteAsync(context, target);
        if (failure is not null)
        {
            await context.WriteAsync(failure);
            return;
        }
        var created = _store.Create(target.Kind, target.Namespace, write!.Body, write.Query.Options);
        await AnswerAsync(context, target, write, created, 201);
    }

    private async Task UpdateAsync(HttpContext context, RequestTarget target)
    {
        var (write, failure) = await ReadWriteAsync(context, target);
        if (failure is not null)
        {
            await context.WriteAsync(failure);
            return;
        }
        var (body, options) = (write!.Body, write.Query.Options);
        var mayCreate =
            target.Kind.CreatesOnUpdate
            && target.Subresource is null
            && _store.Get(target.Kind, target.Namespace, target.Name!).Failure is not null;
        if (mayCreate && body.Object("metadata")?.Text("name") == target.Name)
        {
            var created = _store.Create(target.Kind, target.Namespace, body, options);
            await AnswerAsync(context, target, write, created, 201);
            return;
        }
        Outcome<JsonObject> Updated(StoredObject current) => target.IsScale ? Scale.Into(current, body) : body;
        var changed = _store.Change(target.Kind, target.Namespace, target.Name!, Updated, options);
        await AnswerAsync(context, target, write, changed);
    }

    private async Task<Outcome<Write>> ReadWriteAsync(HttpContext context, RequestTarget target)
    {
        var (query, badQuery) = WriteQuery.Parse(context, target);
        if (badQuery is not null)
            return badQuery;
        var (body, badBody) = await _bodies.ReadObjectAsync(context, target.Kind);
        return badBody is not null ? badBody : new Write(body!, query!);
    }

    private Task AnswerAsync(
        HttpContext context,
        RequestTarget target,
        Write write,
        Outcome<StoredObject> outcome,
        int code = 200
    )
    {
        if (outcome.Value is { } written)
            write.Query.Warn(context, _store.WarningsOf(written));
        return context.AnswerAsync(outcome, target.Kind, _options.Time, code, target.IsScale);
    }

    private async Task DeleteAsync(HttpContext context, RequestTarget target)
    {
        var (deletion, failure) = await ReadDeleteOptionsAsync(context, target);
        if (failure is not null)
        {
            await context.WriteAsync(failure);
            return;
        }
        var outcome = _store.Delete(target.Kind, target.Namespace, target.Name!, deletion);
        var deleted = target.Kind.ReturnsDeleted ? null : outcome.Value;
        if (deleted is not null && deleted.View.At("metadata.deletionTimestamp") is null)
            await context.WriteAsync(deleted.DeletedStatus());
        else
            await context.AnswerAsync(outcome, target.Kind, _options.Time);
    }

    private async Task DeleteCollectionAsync(HttpContext context, RequestTarget target)
    {
        var (selection, badSelector) = ListQuery.Selection(context.Request.Query, target);
        var (deletion, badOptions) = await ReadDeleteOptionsAsync(context, target);
        if ((badSelector ?? badOptions) is { } bad)
        {
            await context.WriteAsync(bad);
            return;
        }
        var deleted = _store.DeleteCollection(target.Kind, selection!, deletion);
        await ListResponse.WriteAsync(context, target.Kind, new ListResult(deleted, _store.ResourceVersion, 0));
    }

    private async Task<Outcome<DeleteOptions>> ReadDeleteOptionsAsync(HttpContext context, RequestTarget target)
    {
        var (query, badQuery) = WriteQuery.Parse(context, target);
        if (badQuery is not null)
            return badQuery;
        var (body, failure) = await _bodies.ReadAsync(context, schema: Schema.DeleteOptions);
        if (failure is not null)
            return failure;
        if (body is not (null or JsonObject))
            return ApiStatus.BadRequest("the body of a deletion must be DeleteOptions");
        var given = body as JsonObject ?? [];
        if (given["preconditions"] is not (null or JsonObject))
            return ApiStatus.BadRequest("preconditions must be an object");
        var policy = given.Text("propagationPolicy") ?? context.Request.Query["propagationPolicy"].ToString();
        if (policy is not ("" or "Background" or "Foreground" or "Orphan"))
            return ApiStatus.BadRequest(
                $"DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"{policy}\": "
                    + "supported values: \"Background\", \"Foreground\", \"Orphan\""
            );
        var graceText = context.Request.Query["gracePeriodSeconds"].ToString();
        var grace = given.NumberAt("gracePeriodSeconds");
        if (graceText.Length > 0 && grace is null)
        {
            if (!uint.TryParse(graceText, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
                return ApiStatus.BadRequest("gracePeriodSeconds must be a number from 0 on");
            grace = seconds;
        }
        if (grace < 0)
            return ApiStatus.BadRequest("gracePeriodSeconds must be a number from 0 on");
        var conditions = given.Object("preconditions");
        var (uid, version) = (conditions?.Text("uid"), conditions?.Text("resourceVersion"));
        var isDryRun = query!.Options.DryRun || given["dryRun"] is JsonArray { Count: > 0 };
        return new DeleteOptions(uid, version, policy == "Orphan", isDryRun, grace);
    }

    private sealed record Write(JsonObject Body, WriteQuery Query);
}
