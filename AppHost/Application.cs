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

    private const string Diagnostics = "DOTNET_EnableDiagnostics";

    /// <summary>
    /// Longer than a scenario takes, after Ctrl-C, to stop its load, restore a cluster and write its report.
    /// </summary>
    private static readonly TimeSpan s_runEndLimit = TimeSpan.FromSeconds(4);

    /// <summary>
    /// A builder whose dashboard is served over plain HTTP on loopback, which needs no certificate. Its ports are the
    /// usual ones or, where another lab has them, free ones. Addresses given by environment variables win.
    /// </summary>
    /// <param name="arguments">Aspire's own arguments.</param>
    public static IDistributedApplicationBuilder CreateBuilder(params IEnumerable<string> arguments)
    {
        // A process that is killed, as the dashboard is at the end, would leave its diagnostic sockets behind.
        if (Environment.GetEnvironmentVariable(Diagnostics) is null)
            Environment.SetEnvironmentVariable(Diagnostics, "0");
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
    /// <returns>The exit code: what the run set, that of the signal that ended it, or 1 when the application itself
    /// failed.</returns>
    public static async Task<int> RunToEndAsync(this DistributedApplication application)
    {
        var services = application.Services;
        var model = services.GetRequiredService<DistributedApplicationModel>();
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        lifetime.ApplicationStopping.Register(() => FailWithBackgroundServices(services));
        Exception? failure = null;
        try
        {
            // Not RunAsync, which disposes the host: the run, which ends later, still uses it.
            await application.StartAsync();
            await application.WaitForShutdownAsync();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            failure = e;
        }
        var exitCode = Environment.ExitCode;
        // A run does not go on in an application that could not be started.
        lifetime.StopApplication();
        // Aspire does not wait for it: an existing cluster is restored, and what is open is closed. Its exit code may
        // come only now, where it ends while the orchestrator is still starting.
        var runs = model.Resources.OfType<DistributionResource>().Select(d => d.Run);
        await Task.WhenAny(Task.WhenAll(runs), Task.Delay(s_runEndLimit, TimeProvider.System));
        await application.DisposeAsync();
        if (exitCode == 0)
            exitCode = Environment.ExitCode;
        if (exitCode != 0 || failure is null or OperationCanceledException)
            return exitCode;
        await Console.Error.WriteLineAsync($"the lab could not be started: {failure.Message}");
        return (int)ExitCode.Failed;
    }

    /// <summary>
    /// A background service that fails ends the host without an exit code of its own; publishing is one.
    /// </summary>
    private static void FailWithBackgroundServices(IServiceProvider services)
    {
        try
        {
            var background = services.GetServices<IHostedService>().OfType<BackgroundService>();
            if (Environment.ExitCode == 0 && background.Any(s => s.ExecuteTask is { IsFaulted: true }))
                Environment.ExitCode = (int)ExitCode.Failed;
        }
        catch (ObjectDisposedException)
        {
            // The host could not be started, and its services are gone.
        }
    }
}
