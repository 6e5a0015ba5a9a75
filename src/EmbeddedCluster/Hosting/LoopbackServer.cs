using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Abstractions;

namespace CiliumDebugging.EmbeddedCluster.Hosting;

/// <summary>What the HTTP servers of the embedded cluster have in common.</summary>
internal static class LoopbackServer
{
    /// <summary>
    /// A builder that reads no configuration: no ASPNETCORE_URLS, no appsettings, no console logger. What a handler
    /// throws is in the log.
    /// </summary>
    public static WebApplicationBuilder CreateBuilder(string name, ILoggerFactory loggers, TimeSpan shutdownTimeout)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = name });
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(new WithoutForwarder(loggers)));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, EmbeddedLifetime>());
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = shutdownTimeout);
        builder.WebHost.UseKestrelCore();
        return builder;
    }

    /// <summary>
    /// Without YARP's own log: it adds a warning with the whole stack for each Pod that cannot be reached, which the
    /// client learns from the response.
    /// </summary>
    private sealed class WithoutForwarder(ILoggerFactory inner) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("Yarp.", StringComparison.Ordinal)
                ? NullLogger.Instance
                : inner.CreateLogger(categoryName);

        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

        public void Dispose()
        {
            // The log belongs to the caller.
        }
    }

    /// <summary>
    /// The process's own host decides when to stop; the default lifetime would catch Ctrl-C and print to the console.
    /// </summary>
    private sealed class EmbeddedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
