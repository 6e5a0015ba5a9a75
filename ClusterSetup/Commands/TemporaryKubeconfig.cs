using CiliumDebugging.ClusterSetup.Embedded.Api.Access;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>A kubeconfig for an embedded cluster, readable by its owner only (0600), that goes when the cluster goes.</summary>
public sealed class TemporaryKubeconfig : IDisposable
{
    private readonly string _folder;

    private TemporaryKubeconfig(string folder) => (_folder, Path) = (folder, System.IO.Path.Combine(folder, "kubeconfig"));

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Writes one into a folder of its own.</summary>
    /// <param name="server">URL of the API.</param>
    /// <param name="token">Bearer token of the API.</param>
    /// <param name="authorityPem">The authority to trust, PEM; null for plain HTTP.</param>
    public static TemporaryKubeconfig Write(Uri server, string token, string? authorityPem)
    {
        var file = new TemporaryKubeconfig(Directory.CreateTempSubdirectory("cilium-debugging-").FullName);
        KubeconfigFile.Write(file.Path, server, token, authorityPem);
        return file;
    }

    /// <summary>Deletes it.</summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // Somebody deleted it already.
        }
    }
}
