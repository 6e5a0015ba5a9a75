using Microsoft.Extensions.Configuration;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>Which Pod this process is.</summary>
/// <param name="Name">Pod name; the machine's name for a process that runs outside any cluster.</param>
/// <param name="Namespace">Namespace; <c>default</c> outside any cluster.</param>
/// <param name="NodeName">Node name; the machine's name outside any cluster.</param>
public sealed record PodIdentity(string Name, string Namespace, string NodeName)
{
    /// <summary>The identity the Downward API gave (<see cref="PodEnvironment"/>), or the machine's name where it gave
    /// none.</summary>
    public static PodIdentity FromConfiguration(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return new PodIdentity(
            Or(configuration[PodEnvironment.PodName], Environment.MachineName),
            Or(configuration[PodEnvironment.PodNamespace], "default"),
            Or(configuration[PodEnvironment.NodeName], Environment.MachineName)
        );
    }

    private static string Or(string? value, string fallback) => string.IsNullOrWhiteSpace(value) ? fallback : value;
}
