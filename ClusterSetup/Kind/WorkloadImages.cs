using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>The images of the lab's own programs.</summary>
internal static class WorkloadImages
{
    /// <summary>Name of the echo server's image.</summary>
    public const string Backend = "cilium-debugging/backend";

    /// <summary>Name of the load test's image.</summary>
    public const string LoadTest = "cilium-debugging/loadtest";

    /// <summary>Project and image of each.</summary>
    public static ImmutableArray<(string Project, string Image)> All { get; } = [("Backend", Backend), ("LoadTest", LoadTest)];

    private static readonly string[] s_sources = ["Backend", "LoadTest", "ServiceDefaults"];

    /// <summary>The folder of the sources, found from where this program lies upwards; null: this is no build of a source tree.</summary>
    public static string? FindSources(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "CiliumDebugging.slnx"))) return folder.FullName;
        return null;
    }

    /// <summary>A tag that changes with the sources: what was built from the same ones need not be built again.</summary>
    public static string Tag(string sources)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in s_sources.SelectMany(s => Directory.EnumerateFiles(Path.Combine(sources, s), "*", SearchOption.AllDirectories)).Concat(Directory.EnumerateFiles(sources, "Directory.*"))
            .Where(IsSource).Select(f => Path.GetRelativePath(sources, f).Replace('\\', '/')).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file));
            hash.AppendData(File.ReadAllBytes(Path.Combine(sources, file)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }

    private static bool IsSource(string path) =>
        Path.GetExtension(path) is ".cs" or ".csproj" or ".props" or ".targets" or ".css" && !path.Split(Path.DirectorySeparatorChar).Any(p => p is "bin" or "obj");
}
