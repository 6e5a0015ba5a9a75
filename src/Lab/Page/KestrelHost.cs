using System.Net;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// The web server of the page and of its metrics: Kestrel and routing, without configuration or logging.
/// </summary>
internal static class KestrelHost
{
    /// <param name="name">Name of the application.</param>
    /// <param name="endPoint">Where it listens.</param>
    /// <param name="maxBodyBytes">Longest request body.</param>
    /// <param name="maxConnections">Connections at a time.</param>
    public static WebApplication Build(string name, IPEndPoint endPoint, long maxBodyBytes, long maxConnections)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = name });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestBodySize = maxBodyBytes;
                kestrel.Limits.MaxConcurrentConnections = maxConnections;
                kestrel.Listen(endPoint);
            });
        return builder.Build();
    }

    /// <summary>Starts it, or disposes it when that fails.</summary>
    public static async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }
}
