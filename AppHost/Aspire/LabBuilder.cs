using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace CiliumDebugging.AppHost;

/// <summary>Creates the builder of the Aspire composition.</summary>
internal static class LabBuilder
{
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
