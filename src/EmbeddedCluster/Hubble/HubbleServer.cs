using System.Net;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.EmbeddedCluster.Hosting;
using CiliumDebugging.ServiceDefaults;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CiliumDebugging.EmbeddedCluster.Hubble;

/// <summary>
/// Serves every node's Hubble metrics at its own address, as the agents do: <c>http://NODE:9091/metrics</c>.
/// </summary>
internal sealed class HubbleServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HubbleServer(WebApplication app) => _app = app;

    /// <param name="nodes">Node addresses and where their metrics come from.</param>
    /// <param name="port">Port, offset included.</param>
    /// <param name="loggers">Receives what fails.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<HubbleServer> StartAsync(
        IReadOnlyDictionary<uint, Func<HubbleMetrics>> nodes,
        int port,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        var builder = LoopbackServer.CreateBuilder("hubble", loggers, TimeSpan.FromMilliseconds(500));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            foreach (var node in nodes.Keys)
                kestrel.Listen(TcpEndpoint.ToIPAddress(node), port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        app.Run(context => AnswerAsync(context, nodes));
        await app.StartAsync(cancellationToken);
        return new HubbleServer(app);
    }

    private static Task AnswerAsync(HttpContext context, IReadOnlyDictionary<uint, Func<HubbleMetrics>> nodes)
    {
        var node = context.Connection.LocalIpAddress is { } address ? TcpEndpoint.AddressOf(address) : 0;
        if (context.Request.Path != "/metrics" || !nodes.TryGetValue(node, out var metrics))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        context.Response.ContentType = PrometheusText.ContentType;
        return context.Response.WriteAsync(metrics().Render(), context.RequestAborted);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
