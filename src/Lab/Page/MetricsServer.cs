using System.Net;
using Microsoft.AspNetCore.Connections;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// Serves the run's quantities for Prometheus (<c>GET /metrics</c>) and nothing else, on every address of this machine: for a Prometheus that does not reach the page's loopback, as in a cluster.
/// It asks for no token: who answers how much, and the verdict on it, is all there is to read.
/// </summary>
public sealed class MetricsServer : IAsyncDisposable
{
    /// <summary>The port in a cluster.</summary>
    public const int PreferredPort = 15191;

    private const int MaxConnections = 16;

    private readonly WebApplication _app;

    private MetricsServer(WebApplication app) => (_app, Port) = (app, new Uri(app.Urls.Single()).Port);

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <summary>Starts the server.</summary>
    /// <param name="feed">What is told.</param>
    /// <param name="port">The port, 1 to 65535; 0: a free one.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<MetricsServer> StartAsync(LiveState feed, int port, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        var app = KestrelHost.Build("metrics", new IPEndPoint(IPAddress.Any, port), mostBodyBytes: 0, MaxConnections);
        app.MapGet("/metrics", context => RunMetricsText.AnswerAsync(context, feed));
        try
        {
            await KestrelHost.StartAsync(app, cancellationToken);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new IOException(
                $"the metrics cannot be served on port {port}: something else listens there; choose another --metrics-port",
                e
            );
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
