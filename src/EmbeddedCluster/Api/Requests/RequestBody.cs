using System.Buffers;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>Reads bodies, within limits of size, time and memory for all of them.</summary>
/// <param name="maxBytesAtOnce">Bytes of all bodies that are being received; what would exceed it gets 429.</param>
/// <param name="time">Clock of the limit of time.</param>
internal sealed class RequestBody(long maxBytesAtOnce, TimeProvider time)
{
    /// <summary>Largest body, as in a real API server. Bytes.</summary>
    public const int MaxBytes = 3 << 20;

    private const int ChunkBytes = 4096;

    private static readonly TimeSpan s_readTimeout = TimeSpan.FromSeconds(30);

    private long _held;

    /// <summary>
    /// The JSON (or YAML, if allowed) body, or one in protocol buffers of a schema; empty gives null in both members.
    /// </summary>
    public async Task<Outcome<JsonNode>> ReadAsync(HttpContext context, bool allowYaml = false, Schema? schema = null)
    {
        using var deadline = new CancellationTokenSource(s_readTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, context.RequestAborted);
        using var buffer = new MemoryStream();
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        var held = 0L;
        try
        {
            while (await context.Request.Body.ReadAsync(chunk, either.Token) is > 0 and var read)
            {
                held += read;
                if (Interlocked.Add(ref _held, read) > maxBytesAtOnce)
                    return new ApiStatus(429, "TooManyRequests", "Too many requests, please try again later.")
                    {
                        RetryAfterSeconds = 1,
                    };
                buffer.Write(chunk, 0, read);
            }
            if (buffer.Length == 0)
                return default;
            var bytes = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
            if (schema is not null && MediaType(context.Request) == Protobuf.MediaType)
                return Protobuf.Read(schema, bytes);
            var json = JsonTree.Parse(bytes.Span);
            return allowYaml && json.Failure is not null && bytes.Span[0] != '{'
                ? Yaml.Parse(System.Text.Encoding.UTF8.GetString(bytes.Span))
                : json;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return new ApiStatus(408, "Timeout", "the body did not arrive in time");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
            Interlocked.Add(ref _held, -held);
        }
    }

    /// <summary>As <see cref="ReadAsync"/>, but the body must be an object.</summary>
    public async Task<Outcome<JsonObject>> ReadObjectAsync(HttpContext context, ResourceKind kind)
    {
        var type = MediaType(context.Request);
        if (type is not ("" or "application/json" or "application/yaml" or Protobuf.MediaType))
            return UnsupportedMediaType("application/json, application/yaml");
        var (node, failure) = await ReadAsync(context, allowYaml: type == "application/yaml", Schema.Of(kind));
        if (failure is not null)
            return failure;
        return node is JsonObject o ? o : ApiStatus.BadRequest("the request body must be a JSON object");
    }

    public static string MediaType(HttpRequest request) =>
        (request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    public static ApiStatus UnsupportedMediaType(string accepted) =>
        new(
            415,
            "UnsupportedMediaType",
            $"the body of the request was in an unknown format - accepted media types include: {accepted}"
        );
}
