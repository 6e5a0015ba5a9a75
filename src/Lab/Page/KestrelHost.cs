using System.Net;

namespace CiliumDebugging.Lab.Page;

/// <summary>The bare web server of the page and of its metrics: Kestrel and routing, without configuration, logging or static files.</summary>
internal static class KestrelHost
{
    /// <summary>Builds it, ready for its endpoints.</summary>
    /// <param name="name">What it serves.</param>
    /// <param name="endPoint">Where it listens.</param>
    /// <param name="mostBodyBytes">Longest request body.</param>
    /// <param name="mostConnections">Most connections at a time.</param>
    public static WebApplication Build(string name, IPEndPoint endPoint, long mostBodyBytes, long mostConnections)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = name });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestBodySize = mostBodyBytes;
                kestrel.Limits.MaxConcurrentConnections = mostConnections;
                kestrel.Listen(endPoint);
            });
        return builder.Build();
    }

    /// <summary>Starts it; one that does not start is disposed.</summary>
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
