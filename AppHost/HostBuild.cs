using System.Reflection;

namespace CiliumDebugging.AppHost;

/// <summary>Which of its two hosts this AppHost was built with (Aspire.targets decides).</summary>
public static class HostBuild
{
    /// <summary>Why the embedded host was built, and how to change it; null: this build has Aspire.</summary>
    public static string? EmbeddedBecause { get; } =
        typeof(HostBuild).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == "EmbeddedHostReason")?.Value;
}
