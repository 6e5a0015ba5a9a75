using System.Net;
using Microsoft.AspNetCore.Connections;

namespace CiliumDebugging.LoadTest.Page;

/// <summary>
/// Serves the run's quantities for Prometheus (<c>GET /metrics</c>) and nothing else, on every address of this machine: for a Prometheus that does not reach the page's loopback, as in a cluster.
/// There is nothing in them that a scrape of the backends and of Hubble does not tell.
/// </summary>
public sealed class MetricsServer : IAsyncDisposable
{
    /// <summary>The port in a cluster.</summary>
    public const int PreferredPort = 15191;

    private const int MostConnections = 16;

    private readonly WebApplication _app;

    private MetricsServer(WebApplication app) => (_app, Port) = (app, new Uri(app.Urls.Single()).Port);

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <summary>Starts the server.</summary>
    /// <param name="feed">What is told.</param>
    /// <param name="port">The port, 1 to 65535; 0: a free one.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<MetricsServer> StartAsync(PageFeed feed, int port, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "metrics" });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Listen(IPAddress.Any, port);
        });
        var app = builder.Build();
        app.MapGet("/metrics", context => LabMetricsText.AnswerAsync(context, feed));
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e)
        {
            await app.DisposeAsync();
            if (e is IOException { InnerException: AddressInUseException }) throw new IOException($"the metrics cannot be served on port {port}: something else listens there; choose another --metrics-port", e);
            throw;
        }
        return new MetricsServer(app);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
