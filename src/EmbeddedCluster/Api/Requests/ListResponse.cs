using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Storage;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

internal static class ListResponse
{
    public static async Task WriteAsync(HttpContext context, ResourceKind kind, ListResult list)
    {
        var head = Json.Object(
            ("kind", $"{kind.Kind}List"),
            ("apiVersion", kind.ApiVersion),
            ("metadata", Metadata(list))
        );
        var text = head.ToJsonString(JsonTree.Compact);
        var response = context.Response;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-cache, private";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        var body = response.BodyWriter;
        Write(body, Encoding.UTF8.GetBytes(text[..^1] + ",\"items\":["));
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (i > 0)
                Write(body, ","u8);
            Write(body, list.Items[i].Json.Span);
            if (i % 256 == 255)
                await body.FlushAsync(context.RequestAborted);
        }
        Write(body, "]}"u8);
        await body.FlushAsync(context.RequestAborted);
    }

    public static JsonObject Metadata(ListResult list)
    {
        var metadata = new JsonObject { ["resourceVersion"] = $"{list.ResourceVersion}" };
        if (list.Remaining > 0)
        {
            metadata["continue"] = ListPage.Token(list.ResourceVersion, list.Items[^1]);
            metadata["remainingItemCount"] = list.Remaining;
        }
        return metadata;
    }

    private static void Write(System.Buffers.IBufferWriter<byte> body, ReadOnlySpan<byte> bytes) =>
        System.Buffers.BuffersExtensions.Write(body, bytes);
}
