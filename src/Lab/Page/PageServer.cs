using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// Serves the page on a loopback port: its files, server-sent events (<c>GET /events</c>), commands (<c>POST
/// /commands</c>), the reports on disk and the run's metrics for Prometheus (<c>GET /metrics</c>). It is hosted by the
/// process that runs the scenario: there are the verdict, the events and the right to change the cluster, and the
/// load-test Pod must do nothing but its load.
/// </summary>
public sealed class PageServer : IAsyncDisposable
{
    /// <summary>The port that is tried first.</summary>
    public const int PreferredPort = 15190;

    private readonly WebApplication _app;
    private readonly PageEvents _events;

    private PageServer(WebApplication app, PageEvents events, Uri address, string token) =>
        (_app, _events, Address, Link) = (app, events, address, new Uri($"{address}#{token}"));

    /// <summary>The page, to look at.</summary>
    public Uri Address { get; }

    /// <summary>The page with the token for commands. Browsers never send the fragment to a server.</summary>
    public Uri Link { get; }

    /// <summary>Number of open pages.</summary>
    public int Pages => _events.Pages;

    /// <summary>Starts the server.</summary>
    /// <param name="live">The state to show.</param>
    /// <param name="commands">Carries out commands.</param>
    /// <param name="time">Time source.</param>
    /// <param name="port">The port; null: <see cref="PreferredPort"/>, or a free one when it is taken.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">The given port is taken.</exception>
    public static async Task<PageServer> StartAsync(
        LiveState live,
        IPageCommands commands,
        TimeProvider time,
        int? port,
        CancellationToken cancellationToken
    )
    {
        var events = new PageEvents(live, time);
        Task<PageServer> StartOnAsync(int on) =>
            PageServer.StartOnAsync(on, new PageEndpoints(live, commands, events, time), events, cancellationToken);
        try
        {
            return await StartOnAsync(port ?? PreferredPort);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException && port is null)
        {
            return await StartOnAsync(FreePort());
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await events.DisposeAsync();
            throw new IOException(
                $"the page cannot listen on 127.0.0.1:{port}: the port is in use; choose another --page-port",
                e
            );
        }
        catch
        {
            await events.DisposeAsync();
            throw;
        }
    }

    private static async Task<PageServer> StartOnAsync(
        int port,
        PageEndpoints endpoints,
        PageEvents events,
        CancellationToken cancellationToken
    )
    {
        var app = KestrelHost.Build(
            "page",
            new IPEndPoint(IPAddress.Loopback, port),
            PageEndpoints.MaxCommandBytes,
            PageEvents.MaxPages + 64
        );
        var token = PageSecurity.NewToken();
        endpoints.Map(app, new PageSecurity(token, port));
        await KestrelHost.StartAsync(app, cancellationToken);
        return new PageServer(app, events, new Uri($"http://127.0.0.1:{port}/"), token);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _events.DisposeAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
