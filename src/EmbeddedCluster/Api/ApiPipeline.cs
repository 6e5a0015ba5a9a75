using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using CiliumDebugging.EmbeddedCluster.Api.Documents;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using Microsoft.Net.Http.Headers;

namespace CiliumDebugging.EmbeddedCluster.Api;

/// <summary>
/// The way of every request: (1) health and version, open to all; (2) the token; (3) discovery; (4) proxy and log of
/// pods; (5) resources. Every failure becomes a Status.
/// </summary>
internal sealed class ApiPipeline(
    ApiServerOptions options,
    ObjectStore store,
    PodProxyEndpoint proxy,
    ILogger logger,
    CancellationToken stopping
)
{
    private readonly byte[] _tokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(options.Token));
    private readonly PodLogEndpoint _logs = new(options.PodLogs, store, options.Time, stopping);
    private readonly ResourceEndpoint _resources = new(options, store, logger, stopping);

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The last resort: a client never sees a stack trace; the log has it."
    )]
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (BadHttpRequestException e)
        {
            var status = new ApiStatus(e.StatusCode, e.StatusCode == 408 ? "Timeout" : "BadRequest", e.Message);
            await context.WriteAsync(e.StatusCode == 413 ? ApiStatus.BodyTooLarge : status);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested || stopping.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (Exception e)
        {
            logger.Unexpected(e, context.Request.Method, context.Request.Path.Value ?? "");
            await context.WriteAsync(new ApiStatus(500, "InternalError", "Internal error occurred"));
        }
    }

    private async Task RouteAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (Discovery.Public(context, path) is { } open)
        {
            await open;
            return;
        }
        if (!IsAuthorized(context.Request))
        {
            await context.WriteAsync(ApiStatus.Unauthorized);
            return;
        }
        if (Discovery.Document(context, path) is { } document)
            await document;
        else if (RequestTarget.Parse(path) is not { } target)
            await context.WriteAsync(ApiStatus.NoSuchPath);
        else if (target is { Subresource: "proxy" } && target.Kind == ResourceKinds.Pods)
            await proxy.HandleAsync(context, target);
        else if (target.Subresource is "exec" or "attach" or "portforward")
            await context.WriteAsync(ApiStatus.NoStreams);
        else if (target.Subresource == "log")
            await _logs.HandleAsync(context, target);
        else
            await _resources.HandleAsync(context, target);
    }

    private bool IsAuthorized(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var header = request.Headers[HeaderNames.Authorization];
        if (header is not [{ } value] || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return false;
        // Hashes have one length, so the comparison takes the same time whatever was sent.
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(value[Scheme.Length..].Trim()));
        return CryptographicOperations.FixedTimeEquals(given, _tokenHash);
    }
}
