using CiliumDebugging.EmbeddedCluster.Hosting;
using CiliumDebugging.ServiceDefaults.Pods;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Forwarder;

namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>The HTTP server of all node proxies: one Kestrel whose connections come from the datapath.</summary>
internal sealed class NodeProxyServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private NodeProxyServer(WebApplication app, ProxyConnectionListener listener) => (_app, Listener) = (app, listener);

    public ProxyConnectionListener Listener { get; }

    public static async Task<NodeProxyServer> StartAsync(
        TimeProvider time,
        Random random,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        var listener = new ProxyConnectionListener();
        var builder = LoopbackServer.CreateBuilder("node-proxy", loggers, TimeSpan.FromSeconds(1));
        builder.Services.AddHttpForwarder();
        builder.Services.RemoveAll<IConnectionListenerFactory>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(listener);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // the backend's own limit answers
            kestrel.Listen(listener.EndPoint, PriorKnowledge.UsePriorKnowledge);
        });
        var app = builder.Build();
        var handler = new HttpPassHandler(app.Services.GetRequiredService<IHttpForwarder>(), time, random);
        app.Run(handler.HandleAsync);
        await app.StartAsync(cancellationToken);
        return new NodeProxyServer(app, listener);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
