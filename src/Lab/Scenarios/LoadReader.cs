using System.Globalization;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>Reads the field <c>load</c> of a scenario.</summary>
internal static class LoadReader
{
    /// <summary>Reads it.</summary>
    /// <param name="load">The fields.</param>
    /// <param name="problems">Gets what is wrong with them.</param>
    /// <returns>The load; null when it has no target.</returns>
    public static LoadSpec? Read(ScenarioFile.LoadFields load, List<string> problems)
    {
        if (!Uri.TryCreate(load.Url, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp)
        {
            problems.Add(
                $"load.url '{Secrets.Hide(load.Url ?? "")}' is not an http URL; use for example "
                    + "http://backend-1.backend:8080/echo"
            );
            return null;
        }
        if (url.UserInfo.Length > 0)
            problems.Add($"load.url '{Secrets.Hide(load.Url!)}' has credentials, which are not sent; remove them");
        if (load.Rate is not (> 0 and <= 100_000))
            problems.Add(
                string.Create(CultureInfo.InvariantCulture, $"load.rate {load.Rate} must be more than 0 and at most ")
                    + "100,000 requests per second"
            );
        if (load.Ports is { } ports && ClientPortRange.Parse(ports).Problem is { } problem)
            problems.Add($"load.ports: {problem}");
        if (load.Connections is < 0 or > 1_000)
            problems.Add($"load.connections {load.Connections} must be from 0 (a fresh one for each request) to 1000");
        if (load.InFlight is < 1 or > 1_000_000)
            problems.Add($"load.inFlight {load.InFlight} must be from 1 to 1000000");
        return new LoadSpec(
            url,
            load.Method ?? "POST",
            load.Body,
            load.Rate,
            load.Client ?? LoadSpec.DefaultClient,
            load.Ports,
            load.Connections,
            load.Http2,
            load.InFlight
        );
    }
}
