using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace CiliumDebugging.Bench.Datapath;

/// <summary>Two bare YARP hops in one process, as the node proxies are in one: <c>hops FIRST SECOND BACKEND</c> (ports
/// of 127.0.0.1). A fresh upstream connection for each request, and nothing else: what the lab's two proxies are
/// measured against.</summary>
internal static class BareHops
{
    private const int Backlog = 4096;

    public static async Task<int> RunAsync(string[] ports)
    {
        int Port(int i) => int.Parse(ports[i], CultureInfo.InvariantCulture);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "hops" });
        builder.Services.AddHttpForwarder();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseSockets(sockets => sockets.Backlog = Backlog);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            for (var i = 0; i < 2; i++)
                kestrel.Listen(IPAddress.Loopback, Port(i), listen => listen.Protocols = HttpProtocols.Http1);
        });
        await using var app = builder.Build();
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        using var upstream = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                AutomaticDecompression = DecompressionMethods.None,
                PooledConnectionLifetime = TimeSpan.Zero,
            }
        );
        var config = new ForwarderRequestConfig
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        app.Run(async context =>
            await forwarder.SendAsync(
                context,
                $"http://127.0.0.1:{Port(context.Connection.LocalPort == Port(0) ? 1 : 2)}/",
                upstream,
                config
            )
        );
        await app.RunAsync();
        return 0;
    }
}
