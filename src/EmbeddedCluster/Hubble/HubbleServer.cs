using System.Net;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.ServiceDefaults;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CiliumDebugging.EmbeddedCluster.Hubble;

/// <summary>Serves every node's Hubble metrics at its own address, as the agents do: <c>http://NODE:9091/metrics</c>.</summary>
internal sealed class HubbleServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HubbleServer(WebApplication app) => _app = app;

    /// <summary>Listens on all nodes.</summary>
    /// <param name="nodes">Node addresses and where their metrics come from.</param>
    /// <param name="port">Port, offset included.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<HubbleServer> StartAsync(
        IReadOnlyDictionary<uint, Func<HubbleMetrics>> nodes,
        int port,
        CancellationToken cancellationToken
    )
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "hubble" });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            foreach (var node in nodes.Keys)
                kestrel.Listen(TcpEndpoint.ToIPAddress(node), port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(500));
        var app = builder.Build();
        app.Run(context => AnswerAsync(context, nodes));
        await app.StartAsync(cancellationToken);
        return new HubbleServer(app);
    }

    private static Task AnswerAsync(HttpContext context, IReadOnlyDictionary<uint, Func<HubbleMetrics>> nodes)
    {
        if (
            context.Request.Path != "/metrics"
            || context.Connection.LocalIpAddress is not { } address
            || !nodes.TryGetValue(TcpEndpoint.AddressOf(address), out var metrics)
        )
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
