using System.Buffers;
using CiliumDebugging.Backend.Metrics;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.Backend.Echo;

/// <summary>The load-balanced endpoints <c>/echo</c>, <c>/a</c> and <c>/b</c>, as in the backend of the original
/// report.</summary>
public static class EchoEndpoints
{
    /// <summary>Largest request body, bytes (1 MiB). A larger one is answered 413.</summary>
    public const int MaxBodyBytes = 1024 * 1024;

    /// <summary>Maps the endpoints. <c>POST /echo</c> answers <c>host=POD body=BODY</c>, <c>GET /echo</c> the same with
    /// an empty body; <c>/a</c> and <c>/b</c> answer only the host. <c>/echo?status=500</c> gives the same answer with
    /// that status, 200 to 599, to test how failures of a backend show. 204, 205 and 304 have no body (RFC
    /// 9110).</summary>
    public static void MapEcho(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var identity = app.Services.GetRequiredService<PodIdentity>();
        var counters = app.Services.GetRequiredService<RequestCounters>();
        var prefix = System.Text.Encoding.UTF8.GetBytes($"host={identity.Name} body=");
        var host = System.Text.Encoding.UTF8.GetBytes($"host={identity.Name}");
        string[] methods = [HttpMethods.Get, HttpMethods.Head, HttpMethods.Post];

        app.MapMethods("/echo", methods, context => EchoAsync(context, counters, prefix));
        app.MapMethods("/a", methods, context =>
        {
            counters.CountA();
            return WriteAsync(context, host);
        });
        app.MapMethods("/b", methods, context =>
        {
            counters.CountB();
            return WriteAsync(context, host);
        });
    }

    private static async Task EchoAsync(HttpContext context, RequestCounters counters, byte[] prefix)
    {
        if (context.Request.ContentLength > MaxBodyBytes)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }
        ReadOnlySequence<byte> body;
        var reader = context.Request.BodyReader;
        try
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            while (!read.IsCompleted)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                read = await reader.ReadAsync(context.RequestAborted);
            }
            body = read.Buffer;
        }
        catch (BadHttpRequestException e)
        {
            // A chunked body says its length only as it goes: Kestrel's own limit ends it here.
            context.Response.StatusCode = e.StatusCode;
            return;
        }
        if (!TryReadStatus(context, out var status))
        {
            reader.AdvanceTo(body.End);
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync(
                "status must be a number from 200 to 599, for example /echo?status=500\n",
                context.RequestAborted
            );
            return;
        }
        counters.CountEcho();
        context.Response.StatusCode = status;
        if (
            status
            is StatusCodes.Status204NoContent
                or StatusCodes.Status205ResetContent
                or StatusCodes.Status304NotModified
        )
        {
            reader.AdvanceTo(body.End);
            return;
        }
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = prefix.Length + body.Length;
        var writer = context.Response.BodyWriter;
        writer.Write(prefix);
        foreach (var segment in body)
            writer.Write(segment.Span);
        reader.AdvanceTo(body.End);
        await writer.FlushAsync(context.RequestAborted);
    }

    private static bool TryReadStatus(HttpContext context, out int status)
    {
        status = StatusCodes.Status200OK;
        return !context.Request.QueryString.HasValue
            || !context.Request.Query.TryGetValue("status", out var text)
            || (
                int.TryParse(
                    text,
                    System.Globalization.NumberStyles.None,
                    System.Globalization.CultureInfo.InvariantCulture,
                    out status
                ) && status is >= 200 and <= 599
            );
    }

    private static async Task WriteAsync(HttpContext context, byte[] text)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = text.Length;
        await context.Response.BodyWriter.WriteAsync(text, context.RequestAborted);
    }
}
