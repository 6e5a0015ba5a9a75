using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>The proxy subresource of pods: any method, streamed both ways.</summary>
internal sealed class PodProxyEndpoint : IDisposable
{
    private static readonly HttpRequestOptionsKey<PodAddress> s_address = new("pod");
    private static readonly ForwarderRequestConfig s_config = new()
    {
        ActivityTimeout = TimeSpan.FromMinutes(5),
        Version = new Version(1, 1),
        AllowResponseBuffering = false,
    };

    private readonly IPodProxy? _pods;
    private readonly ObjectStore _store;
    private readonly IHttpForwarder _forwarder;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _invoker;

    public PodProxyEndpoint(IPodProxy? pods, ObjectStore store, IServiceProvider services, ILogger logger)
    {
        (_pods, _store, _logger) = (pods, store, logger);
        _forwarder = services.GetRequiredService<IHttpForwarder>();
        _invoker = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                UseProxy = false,
                AllowAutoRedirect = false,
                UseCookies = false,
                AutomaticDecompression = System.Net.DecompressionMethods.None,
                ActivityHeadersPropagator = null,
                MaxConnectionsPerServer = 64,
                ConnectTimeout = TimeSpan.FromSeconds(10),
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
                ConnectCallback = ConnectAsync,
            }
        );
    }

    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var (address, failure) = Resolve(target);
        if (failure is not null)
        {
            await context.WriteAsync(failure);
            return;
        }
        // Streams of any size: the limits for API bodies do not apply to what a pod serves.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        // The pool is keyed by the pod's uid, so a successor under the same name never inherits a connection.
        var error = await _forwarder.SendAsync(
            context,
            $"http://{address!.Uid}:{address.Port}/",
            _invoker,
            s_config,
            new Transformer(address, target.Rest),
            context.RequestAborted
        );
        if (error == ForwarderError.None)
            return;
        // The innermost: those around it name the pod by its uid.
        var cause = context.GetForwarderErrorFeature()?.Exception?.GetBaseException().Message ?? error.ToString();
        _logger.PodProxyFailed(address.Name, cause);
        if (!context.Response.HasStarted)
            await context.WriteAsync(
                ApiStatus.Unavailable(
                    $"error trying to reach service: port {address.Port} of pod {address.Name}: {cause}"
                )
            );
    }

    public void Dispose() => _invoker.Dispose();

    /// <summary>Reads <c>[http:]name[:port]</c>; without a port the first container port, else 80.</summary>
    private Outcome<PodAddress> Resolve(RequestTarget target)
    {
        var parts = target.Name!.Split(':');
        var (name, portText) = parts switch
        {
            [var n] => (n, ""),
            ["http" or "", var n, var p] => (n, p),
            ["https", _, _] => ("", ""),
            [var n, var p] => (n, p),
            _ => ("", ""),
        };
        if (name.Length == 0)
            return ApiStatus.BadRequest("invalid pod request: the form is [http:]name[:port]");
        var (pod, absent) = _store.Get(ResourceKinds.Pods, target.Namespace, name);
        if (absent is not null)
            return absent;
        var ports = pod!.View.Object("spec").Objects("containers").SelectMany(c => c.Objects("ports")).ToList();
        var named = ports.FirstOrDefault(p => portText.Length == 0 || p.Text("name") == portText);
        var declared = named?.NumberAt("containerPort") ?? (portText.Length == 0 ? 80 : 0);
        var port = int.TryParse(portText, NumberStyles.None, null, out var number) ? number : declared;
        if (port is < 1 or > 65_535)
            return ApiStatus.BadRequest($"invalid port in pod request: \"{JsonEncodedText.Encode(portText)}\"");
        var phase = pod.View.TextAt("status.phase");
        if (_pods is null || phase != "Running")
            return ApiStatus.Unavailable($"pod \"{name}\" is not running: its phase is {phase}");
        return new PodAddress(pod.Namespace, pod.Name, pod.Uid, (int)port);
    }

    private async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken
    )
    {
        if (!context.InitialRequestMessage.Options.TryGetValue(s_address, out var address))
            throw new IOException("no pod address on the request");
        return await _pods!.ConnectAsync(address.Namespace, address.Name, address.Port, cancellationToken);
    }

    private sealed record PodAddress(string Namespace, string Name, string Uid, int Port);

    private sealed class Transformer(PodAddress address, string path) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext,
            HttpRequestMessage proxyRequest,
            string destinationPrefix,
            CancellationToken cancellationToken
        )
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.RequestUri = RequestUtilities.MakeDestinationAddress(
                destinationPrefix,
                new PathString(path.Length == 0 ? "/" : path),
                httpContext.Request.QueryString
            );
            // The token opens the API; a pod must never see it.
            proxyRequest.Headers.Remove(HeaderNames.Authorization);
            proxyRequest.Headers.Host = $"{address.Name}:{address.Port}";
            proxyRequest.Options.Set(s_address, address);
        }
    }
}
