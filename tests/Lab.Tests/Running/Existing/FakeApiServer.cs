using System.Net;
using System.Net.WebSockets;
using System.Text;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CiliumDebugging.Lab.Tests.Running.Existing;

/// <summary>
/// The parts of a real API server that the embedded one lacks: port-forward and exec by WebSocket, and EndpointSlices
/// of old releases. Each test defines its responses.
/// </summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeApiServer(WebApplication app) =>
        (_app, Client) = (
            app,
            new Kubernetes(
                new KubernetesClientConfiguration
                {
                    Host = app
                        .Services.GetRequiredService<IServer>()
                        .Features.Get<IServerAddressesFeature>()!
                        .Addresses.Single(),
                }
            )
        );

    public Kubernetes Client { get; }

    public static async Task<FakeApiServer> StartAsync(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.UseWebSockets();
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new FakeApiServer(app);
    }

    public static Task JsonAsync(HttpContext context, string json, int code = 200)
    {
        (context.Response.StatusCode, context.Response.ContentType) = (code, "application/json");
        return context.Response.WriteAsync(json);
    }

    /// <summary>A channel of Kubernetes' remote commands: its number, then the data.</summary>
    public static Task SendAsync(WebSocket socket, byte channel, params byte[] data) =>
        socket.SendAsync((byte[])[channel, .. data], WebSocketMessageType.Binary, true, CancellationToken.None);

    public static Task SendAsync(WebSocket socket, byte channel, string text) =>
        SendAsync(socket, channel, Encoding.UTF8.GetBytes(text));

    public static async Task<WebSocket> AcceptAsync(HttpContext context)
    {
        context.WebSockets.WebSocketRequestedProtocols.ShouldContain("v4.channel.k8s.io");
        return await context.WebSockets.AcceptWebSocketAsync("v4.channel.k8s.io");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
