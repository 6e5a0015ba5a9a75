using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CiliumDebugging.ClusterSetup.Scenarios;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CiliumDebugging.AppHost;

/// <summary>Creates and runs the Aspire composition.</summary>
internal static class LabBuilder
{
    private const int Interrupted = 130;

    /// <summary>
    /// A builder whose dashboard needs no launch profile: its addresses are loopback ports that are free, so two labs run side by side. The usual environment
    /// variables (ASPNETCORE_URLS and the rest) still decide where they are set.
    /// </summary>
    public static IDistributedApplicationBuilder Create(LabCommandLine command)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = [.. command.HostArguments],
            AllowUnsecuredTransport = true,
        });
        var defaults = new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["ASPNETCORE_URLS"] = Loopback(15180),
                ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = Loopback(15181),
                ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = Loopback(15182),
            },
        };
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, defaults);
        return builder;
    }

    /// <summary>Runs the application to its end.</summary>
    /// <returns>The exit code: what the run of the scenario set, 130 after Ctrl-C, or 1 when the application itself failed.</returns>
    public static async Task<int> RunLabAsync(this DistributedApplication application)
    {
        var services = application.Services;
        // A background service that fails ends the host without an exit code of its own; publishing is one.
        services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() =>
        {
            if (services.GetServices<IHostedService>().OfType<BackgroundService>().Any(s => s.ExecuteTask is { IsFaulted: true }))
                Environment.ExitCode = (int)RunOutcome.LabFailed;
        });
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, SetInterrupted);
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, SetInterrupted);
        try
        {
            await application.RunAsync();
            return Environment.ExitCode;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"The lab could not be started with Aspire: {e.Message} (build with -p:UseAspire=false to run it without)");
            return (int)RunOutcome.LabFailed;
        }
    }

    /// <summary>The host stops by itself at these signals, and would end with 0.</summary>
    private static void SetInterrupted(PosixSignalContext context)
    {
        context.Cancel = true;
        Environment.ExitCode = Interrupted;
    }

    private static string Loopback(int preferredPort) => $"http://localhost:{(IsFree(preferredPort, out var port) || IsFree(0, out port) ? port : preferredPort)}";

    private static bool IsFree(int wanted, out int port)
    {
        port = 0;
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, wanted);
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
