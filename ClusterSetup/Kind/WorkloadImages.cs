using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>The images of the lab's own programs.</summary>
internal static class WorkloadImages
{
    public const string Backend = "cilium-debugging/backend",
        LoadTest = "cilium-debugging/loadtest",
        Runner = "cilium-debugging/clustersetup";

    /// <summary>Project and image of each.</summary>
    /// <param name="withRunner">Whether the scenario runner is one of them.</param>
    public static ImmutableArray<(string Project, string Image)> Of(bool withRunner) =>
        [
            ("Backend", Backend),
            ("LoadTest", LoadTest),
            .. withRunner ? [("ClusterSetup", Runner)] : Array.Empty<(string, string)>(),
        ];

    /// <summary>The folder of the sources, at or above a folder; null: this is not a build of a source tree.</summary>
    public static string? FindSources(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "CiliumDebugging.slnx")))
                return folder.FullName;
        return null;
    }

    /// <summary>A tag that changes with the sources: images of the same sources need not be built again.</summary>
    /// <param name="sources">Folder of the sources.</param>
    /// <param name="projects">
    /// The projects that images are built of; those they refer to are in <c>src</c> or ServiceDefaults.
    /// </param>
    public static string Tag(string sources, IEnumerable<string> projects)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = projects
            .Concat(["ServiceDefaults", "scenarios", "src"])
            .SelectMany(p => Directory.EnumerateFiles(Path.Combine(sources, p), "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(sources, "Directory.*"))
            .Select(f => Path.GetRelativePath(sources, f).Replace('\\', '/'))
            .Where(f => !f.Split('/').Any(p => p is "bin" or "obj" or "artifacts"));
        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file));
            hash.AppendData(File.ReadAllBytes(Path.Combine(sources, file)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }
}
