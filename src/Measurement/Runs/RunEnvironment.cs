using System.Reflection;
using System.Runtime.InteropServices;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>Where a run took place.</summary>
/// <param name="Lab">Version of this program.</param>
/// <param name="Runtime">.NET runtime, with its version.</param>
/// <param name="System">Operating system and architecture.</param>
/// <param name="Processors">Processors the runtime may use.</param>
public sealed record RunEnvironment(string Lab, string Runtime, string System, int Processors)
{
    /// <summary>This process's.</summary>
    public static RunEnvironment Current { get; } =
        new(
            typeof(RunEnvironment)
                .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
                ?.InformationalVersion.Split('+')[0]
                ?? "unknown",
            RuntimeInformation.FrameworkDescription,
            $"{RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture})",
            Environment.ProcessorCount
        );
}

/// <summary>Nodes that run the same versions.</summary>
/// <param name="Count">How many.</param>
/// <param name="Kubelet">Version of the kubelet; null when the node does not say.</param>
/// <param name="Runtime">Container runtime, with its version.</param>
public sealed record NodeVersions(int Count, string? Kubelet, string? Kernel, string? System, string? Runtime)
{
    public override string ToString()
    {
        string?[] versions = [Named("kubelet", Kubelet), Named("kernel", Kernel), System, Runtime];
        return $"{Count} node{(Count == 1 ? "" : "s")}: {string.Join(", ", versions.OfType<string>())}";
    }

    private static string? Named(string what, string? version) => version is null ? null : $"{what} {version}";
}
