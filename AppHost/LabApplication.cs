using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CiliumDebugging.ClusterSetup.Scenarios;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CiliumDebugging.AppHost;

/// <summary>Creates and runs the Aspire application.</summary>
internal static class LabApplication
{
    /// <summary>Ports of the dashboard, its OTLP endpoint and the resource service, where they are free.</summary>
    private const int DashboardPort = 15180, OtlpPort = 15181, ResourceServicePort = 15182;

    /// <summary>Longer than a scenario takes to put a cluster back after Ctrl-C.</summary>
    private static readonly TimeSpan s_runEndLimit = TimeSpan.FromSeconds(2.75);

    private const string DashboardUrls = "ASPNETCORE_URLS";

    /// <summary>Where the dashboard receives telemetry.</summary>
    public const string OtlpEndpoint = "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL";

    /// <summary>
    /// A builder whose dashboard is served over plain HTTP on loopback, which needs no certificate. Its ports are the
    /// usual ones or, where another lab has them, free ones. Addresses given by environment variables win.
    /// </summary>
    public static IDistributedApplicationBuilder CreateBuilder(LabCommandLine command)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            // Settings are beside the program: it may be started from any folder.
            Args = ["--contentRoot", AppContext.BaseDirectory, .. command.HostArguments],
            AllowUnsecuredTransport = true,
        });
        if (builder.ExecutionContext.IsPublishMode) return builder;
        var usual = DashboardPorts.TryReserve(DashboardPort, OtlpPort, ResourceServicePort);
        if (usual is not null) builder.Services.AddSingleton(usual);
        builder.Configuration.AddInMemoryCollection(
        [
            // It would start "dotnet package search", which takes seconds of processor time from what is measured.
            KeyValuePair.Create("ASPIRE_VERSION_CHECK_DISABLED", (string?)"true"),
            .. Address(builder.Configuration, DashboardUrls, usual is null ? null : DashboardPort),
            .. Address(builder.Configuration, OtlpEndpoint, usual is null ? null : OtlpPort),
            .. Address(builder.Configuration, "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", usual is null ? null : ResourceServicePort),
        ]);
        return builder;
    }

    /// <summary>The dashboard's link, with the token that opens it.</summary>
    public static string DashboardLink(IConfiguration configuration)
    {
        var address = (configuration[DashboardUrls] ?? "").Split(';')[0].TrimEnd('/');
        return configuration["AppHost:BrowserToken"] is { Length: > 0 } token ? $"{address}/login?t={token}" : address;
    }

    /// <summary>Runs the application to its end.</summary>
    /// <returns>The exit code: what the run set, 130 after Ctrl-C, or 1 when the application itself failed.</returns>
    public static async Task<int> RunLabAsync(this DistributedApplication application)
    {
        var services = application.Services;
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        // A background service that fails ends the host without an exit code of its own; publishing is one.
        lifetime.ApplicationStopping.Register(() =>
        {
            if (Environment.ExitCode == 0 && services.GetServices<IHostedService>().OfType<BackgroundService>().Any(s => s.ExecuteTask is { IsFaulted: true }))
                Environment.ExitCode = (int)RunOutcome.LabFailed;
        });
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        var registrations = signals.Select(s => PosixSignalRegistration.Create(s, Interrupt)).ToList();
        try
        {
            await application.RunAsync();
            return Environment.ExitCode;
        }
        catch (Exception) when (Environment.ExitCode != 0)
        {
            // The run said why it ended, while the orchestrator was still starting.
            return Environment.ExitCode;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"the lab could not be started: {e.Message}");
            return (int)RunOutcome.LabFailed;
        }
        finally
        {
            // Aspire does not wait for it: a cluster that is there is put back, and what is open is closed.
            var runs = services.GetRequiredService<DistributedApplicationModel>().Resources.OfType<DistributionResource>().Select(d => d.Run);
            await Task.WhenAny(Task.WhenAll(runs), Task.Delay(s_runEndLimit, TimeProvider.System));
            await application.DisposeAsync();
            registrations.ForEach(r => r.Dispose());
        }

        void Interrupt(PosixSignalContext context)
        {
            context.Cancel = true;
            Environment.ExitCode = LabExitCodes.Interrupted;
            lifetime.StopApplication();
        }
    }

    /// <summary>
    /// The address to use: what the environment says, unless that is the launch profile's and another lab has it.
    /// </summary>
    private static IEnumerable<KeyValuePair<string, string?>> Address(ConfigurationManager configuration, string name, int? port)
    {
        var isOfLaunchProfile = configuration["DOTNET_LAUNCH_PROFILE"] is { Length: > 0 } && name == DashboardUrls;
        if (configuration[name] is { Length: > 0 } && !(isOfLaunchProfile && port is null)) return [];
        return [KeyValuePair.Create(name, (string?)$"http://localhost:{port ?? DashboardPorts.Free()}")];
    }
}

/// <summary>The lab's own exit codes beside <see cref="RunOutcome"/>.</summary>
internal static class LabExitCodes
{
    /// <summary>Ended by Ctrl-C, SIGTERM or SIGHUP.</summary>
    public const int Interrupted = 130;
}

/// <summary>
/// The dashboard's usual ports, reserved for one lab of this machine (of this network namespace) from before they are
/// listened on until the process ends: two labs that start together must not both find them free.
/// </summary>
internal sealed class DashboardPorts : IDisposable
{
    private readonly Socket _reservation;

    private DashboardPorts(Socket reservation) => _reservation = reservation;

    /// <summary>Reserves the ports; null when another lab has them or anything listens on one of them.</summary>
    public static DashboardPorts? TryReserve(params IReadOnlyList<int> ports)
    {
        // An abstract address is no file, and is free again the moment its process is gone. Elsewhere than on Linux:
        // a loopback port beside the three.
        var reservation = OperatingSystem.IsLinux()
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            reservation.Bind(OperatingSystem.IsLinux()
                ? new UnixDomainSocketEndPoint($"\0cilium-debugging-dashboard-{ports[0]}")
                : new IPEndPoint(IPAddress.Loopback, ports[^1] + 1));
            if (ports.All(IsFree)) return new DashboardPorts(reservation);
        }
        catch (SocketException)
        {
            // Another lab has it.
        }
        reservation.Dispose();
        return null;
    }

    /// <summary>A loopback port that is free now.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reservation.Dispose();
}
