using System.Net;
using Microsoft.AspNetCore.Connections;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// Serves the run's metrics (<c>GET /metrics</c>) and nothing else, on every address of this machine: for a Prometheus
/// in a cluster, which does not reach the page's loopback address. No token is needed: it shows only rates per Pod and
/// the verdict.
/// </summary>
public sealed class MetricsServer : IAsyncDisposable
{
    /// <summary>The port in a cluster.</summary>
    public const int PreferredPort = 15191;

    private const int MaxConnections = 16;

    private readonly WebApplication _app;

    private MetricsServer(WebApplication app) => (_app, Port) = (app, new Uri(app.Urls.Single()).Port);

    public int Port { get; }

    /// <summary>Starts the server.</summary>
    /// <param name="live">The metrics' source.</param>
    /// <param name="port">The port, 1 to 65535; 0: a free one.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<MetricsServer> StartAsync(LiveState live, int port, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(live);
        var app = KestrelHost.Build("metrics", new IPEndPoint(IPAddress.Any, port), maxBodyBytes: 0, MaxConnections);
        app.MapGet("/metrics", context => RunMetricsText.AnswerAsync(context, live));
        try
        {
            await KestrelHost.StartAsync(app, cancellationToken);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new IOException(
                $"the metrics cannot be served on port {port}: it is in use; choose another --metrics-port",
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
