using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.EmbeddedCluster.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace CiliumDebugging.EmbeddedCluster.Api;

/// <summary>Serves an <see cref="ObjectStore"/> as a Kubernetes API on a loopback address.</summary>
public sealed class ApiServer : IAsyncDisposable
{
    /// <summary>
    /// Attempts to get a free port: between bind and listen another process may listen on the one that the system chose
    /// for both.
    /// </summary>
    private const int FreePortAttempts = 5;

    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stopping;
    private bool _disposed;

    private ApiServer(WebApplication app, CancellationTokenSource stopping, Uri address) =>
        (_app, _stopping, Address) = (app, stopping, address);

    /// <summary>Where it listens, such as <c>https://127.0.0.1:6443</c>.</summary>
    public Uri Address { get; }

    /// <summary>Starts serving a store, which stays the caller's. The token ends the start, not the server.</summary>
    /// <exception cref="ArgumentException">The token is too short or the address is not loopback.</exception>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<ApiServer> StartAsync(
        ApiServerOptions options,
        ObjectStore store,
        ILoggerFactory? loggerFactory = null,
        CancellationToken cancellationToken = default
    )
    {
        if (options.Token.Length < 16)
            throw new ArgumentException("the API token needs at least 16 characters", nameof(options));
        if (!IPAddress.IsLoopback(options.Listen.Address))
            throw new ArgumentException(
                $"the API server listens on loopback only, not on {options.Listen.Address}",
                nameof(options)
            );
        var loggers = loggerFactory ?? NullLoggerFactory.Instance;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ListenAsync(options, store, loggers, cancellationToken);
            }
            catch (Exception e) when (options.Listen.Port == 0 && attempt < FreePortAttempts && IsAddressInUse(e))
            {
                // Another port then.
            }
        }
    }

    private static bool IsAddressInUse(Exception e) =>
        e
            is IOException { InnerException: AddressInUseException }
                or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse };

    [SuppressMessage(
        "Reliability",
        "CA2000",
        Justification = "Ownership passes to the server, or to the disposal in the catch block."
    )]
    private static async Task<ApiServer> ListenAsync(
        ApiServerOptions options,
        ObjectStore store,
        ILoggerFactory loggerFactory,
        CancellationToken cancellationToken
    )
    {
        var logger = loggerFactory.CreateLogger<ApiServer>();
        var app = Build(options, loggerFactory);
        var stopping = new CancellationTokenSource();
        try
        {
            var proxy = new PodProxyEndpoint(options.PodProxy, store, app.Services, logger);
            app.Lifetime.ApplicationStopped.Register(proxy.Dispose);
            var pipeline = new ApiPipeline(options, store, proxy, logger, stopping.Token);
            app.Run(pipeline.HandleAsync);
            await app.StartAsync(cancellationToken);
            var address = new Uri(
                app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
            );
            logger.Listening(address);
            return new ApiServer(app, stopping, address);
        }
        catch
        {
            stopping.Dispose();
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends all watches and stops, within a second.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        await _stopping.CancelAsync();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _stopping.Dispose();
    }

    private static WebApplication Build(ApiServerOptions options, ILoggerFactory loggerFactory)
    {
        var builder = LoopbackServer.CreateBuilder("api-server", loggerFactory, TimeSpan.FromMilliseconds(300));
        builder.Services.AddHttpForwarder();
        builder
            .WebHost.UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
                kestrel.Limits.MaxConcurrentUpgradedConnections = options.MaxConnections;
                kestrel.Limits.MaxRequestBodySize = RequestBody.MaxBytes;
                kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
                kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
                // A watcher that stops reading must not hold its connection for ever.
                kestrel.Limits.MinResponseDataRate = new(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(10));
                kestrel.Limits.MinRequestBodyDataRate = new(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
                kestrel.Limits.Http2.MaxStreamsPerConnection = 250;
                kestrel.Listen(options.Listen, listen =>
                {
                    if (options.Certificate is { } tls)
                        listen.UseHttps(tls.Certificate);
                });
            });
        return builder.Build();
    }
}
