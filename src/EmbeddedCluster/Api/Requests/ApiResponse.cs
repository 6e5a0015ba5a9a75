using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>Writing of responses.</summary>
internal static class ApiResponse
{
    public static Task WriteAsync(this HttpContext context, ApiStatus status)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }
        context.Response.Clear();
        if (status.RetryAfterSeconds > 0)
            context.Response.Headers.RetryAfter = $"{status.RetryAfterSeconds}";
        if (status.Code == 401)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        return context.WriteAsync(status.ToJson(), status.Code);
    }

    /// <summary>Answers with an object, as a row when the client accepts a table, or with the failure.</summary>
    public static Task AnswerAsync(
        this HttpContext context,
        Outcome<StoredObject> outcome,
        ResourceKind kind,
        TimeProvider time,
        int code = 200,
        bool isScale = false
    )
    {
        if (outcome.Failure is { } failure)
            return context.WriteAsync(failure);
        var o = outcome.Value!;
        if (isScale)
            return context.WriteAsync(Scale.Of(o), code);
        return Table.For(context, kind, time) is { } table
            ? context.WriteAsync(table.Of(o), code)
            : context.WriteAsync(o.Json, code);
    }

    public static Task WriteAsync(
        this HttpContext context,
        JsonNode json,
        int code = 200,
        string contentType = "application/json"
    ) => context.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(json, JsonTree.Compact), code, contentType);

    public static async Task WriteAsync(
        this HttpContext context,
        ReadOnlyMemory<byte> json,
        int code = 200,
        string contentType = "application/json"
    )
    {
        var response = context.Response;
        response.StatusCode = code;
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-cache, private";
        response.ContentLength = json.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(json, context.RequestAborted);
    }
}
