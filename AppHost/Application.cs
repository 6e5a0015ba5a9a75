using CiliumDebugging.AppHost.Dashboard;
using CiliumDebugging.AppHost.Resources;
using CiliumDebugging.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CiliumDebugging.AppHost;

/// <summary>Creates and runs the Aspire application.</summary>
internal static class Application
{
    /// <summary>Ports of the dashboard, its OTLP endpoint and the resource service, where they are free.</summary>
    private const int DashboardPort = 15180,
        OtlpPort = 15181,
        ResourceServicePort = 15182;

    /// <summary>Longer than a scenario takes to restore a cluster after Ctrl-C.</summary>
    private static readonly TimeSpan s_runEndLimit = TimeSpan.FromSeconds(2.75);

    /// <summary>
    /// A builder whose dashboard is served over plain HTTP on loopback, which needs no certificate. Its ports are the
    /// usual ones or, where another lab has them, free ones. Addresses given by environment variables win.
    /// </summary>
    /// <param name="arguments">Aspire's own arguments.</param>
    public static IDistributedApplicationBuilder CreateBuilder(params IEnumerable<string> arguments)
    {
        var builder = DistributedApplication.CreateBuilder(
            new DistributedApplicationOptions
            {
                // Settings are beside the program: it may be started from any folder.
                Args = ["--contentRoot", AppContext.BaseDirectory, .. arguments],
                AllowUnsecuredTransport = true,
            }
        );
        builder.Services.AddSingleton<IHostLifetime, SignalLifetime>();
        if (builder.ExecutionContext.IsPublishMode)
            return builder;
        var usual = DashboardPorts.TryReserve(DashboardPort, OtlpPort, ResourceServicePort);
        if (usual is not null)
            builder.Services.AddSingleton(usual);
        builder.Configuration.AddInMemoryCollection([
            // It would start "dotnet package search", which takes seconds of processor time from what is measured.
            KeyValuePair.Create("ASPIRE_VERSION_CHECK_DISABLED", (string?)"true"),
            .. Address(DashboardAddresses.Urls, DashboardPort),
            .. Address(DashboardAddresses.OtlpEndpoint, OtlpPort),
            .. Address("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", ResourceServicePort),
        ]);
        return builder;

        IEnumerable<KeyValuePair<string, string?>> Address(string name, int port) =>
            DashboardAddresses.Choose(builder.Configuration, name, usual is null ? null : port);
    }

    /// <summary>Runs the application to its end.</summary>
    /// <returns>The exit code: what the run set, 130 after Ctrl-C, or 1 when the application itself failed.</returns>
    public static async Task<int> RunToEndAsync(this DistributedApplication application)
    {
        var services = application.Services;
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        lifetime.ApplicationStopping.Register(() => FailWithBackgroundServices(services));
        try
        {
            await application.RunAsync();
            return Environment.ExitCode;
        }
        catch (Exception) when (Environment.ExitCode != 0)
        {
            // The run printed why it ended, while the orchestrator was still starting.
            return Environment.ExitCode;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"the lab could not be started: {e.Message}");
            return (int)ExitCode.Failed;
        }
        finally
        {
            // Aspire does not wait for it: an existing cluster is restored, and what is open is closed.
            var runs = services
                .GetRequiredService<DistributedApplicationModel>()
                .Resources.OfType<DistributionResource>()
                .Select(d => d.Run);
            await Task.WhenAny(Task.WhenAll(runs), Task.Delay(s_runEndLimit, TimeProvider.System));
            await application.DisposeAsync();
        }
    }

    /// <summary>
    /// A background service that fails ends the host without an exit code of its own; publishing is one.
    /// </summary>
    private static void FailWithBackgroundServices(IServiceProvider services)
    {
        var background = services.GetServices<IHostedService>().OfType<BackgroundService>();
        if (Environment.ExitCode == 0 && background.Any(s => s.ExecuteTask is { IsFaulted: true }))
            Environment.ExitCode = (int)ExitCode.Failed;
    }
}
