using Microsoft.Extensions.Configuration;

namespace CiliumDebugging.AppHost.Dashboard;

/// <summary>Where the dashboard and its services listen.</summary>
internal static class DashboardAddresses
{
    public const string Urls = "ASPNETCORE_URLS";

    /// <summary>Setting with the address at which the dashboard receives telemetry.</summary>
    public const string OtlpEndpoint = "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL";

    /// <summary>The dashboard's link, with the token that opens it.</summary>
    public static string Link(IConfiguration configuration)
    {
        var address = (configuration[Urls] ?? "").Split(';')[0].TrimEnd('/');
        return configuration["AppHost:BrowserToken"] is { Length: > 0 } token ? $"{address}/login?t={token}" : address;
    }

    /// <summary>
    /// The address to use: the environment's, unless that is the launch profile's and another lab has it.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, string?>> Choose(
        ConfigurationManager configuration,
        string name,
        int? port
    )
    {
        var isOfLaunchProfile = configuration["DOTNET_LAUNCH_PROFILE"] is { Length: > 0 } && name == Urls;
        if (configuration[name] is { Length: > 0 } && !(isOfLaunchProfile && port is null))
            return [];
        return [KeyValuePair.Create(name, (string?)$"http://localhost:{port ?? DashboardPorts.Free()}")];
    }
}
