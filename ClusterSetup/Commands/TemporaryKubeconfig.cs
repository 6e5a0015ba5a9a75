using CiliumDebugging.EmbeddedCluster;
using CiliumDebugging.EmbeddedCluster.Api.Access;
using CiliumDebugging.EmbeddedCluster.Configuration;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// A kubeconfig for an embedded cluster, readable by its owner only (0600), that is deleted when the cluster ends.
/// </summary>
internal sealed class TemporaryKubeconfig : IDisposable
{
    private readonly string? _folder;

    private TemporaryKubeconfig(string path, string? folder) => (Path, _folder) = (path, folder);

    public string Path { get; }

    /// <summary>In a temporary folder of its own, which is deleted with it.</summary>
    public static TemporaryKubeconfig InNewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("cilium-debugging-").FullName;
        return new TemporaryKubeconfig(System.IO.Path.Combine(folder, "kubeconfig"), folder);
    }

    /// <summary>
    /// At a given place. A file of an earlier cluster is deleted there: until this one is written, there is none.
    /// </summary>
    /// <exception cref="ClusterStartException">
    /// The folder does not exist or cannot be written, or the file is not one of an embedded cluster.
    /// </exception>
    /// <param name="file">The file.</param>
    /// <param name="ownsFolder">Whether its folder, in which nothing else is, is deleted with it.</param>
    public static TemporaryKubeconfig At(string file, bool ownsFolder)
    {
        var path = System.IO.Path.GetFullPath(file);
        if (Directory.Exists(path))
            throw new ClusterStartException($"--kubeconfig {file} is a folder: name a file in it");
        if (System.IO.Path.GetDirectoryName(path) is not { } folder || !Directory.Exists(folder))
            throw new ClusterStartException($"--kubeconfig {file}: the folder does not exist");
        try
        {
            if (File.Exists(path) && !KubeconfigFile.IsOfLab(path))
                throw new ClusterStartException(
                    $"--kubeconfig {file} exists and is not of an embedded cluster: name another file"
                );
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ClusterStartException($"--kubeconfig {file} cannot be replaced: {e.Message}");
        }
        return new TemporaryKubeconfig(path, ownsFolder ? folder : null);
    }

    /// <summary>Writes it whole: readers see no file or the complete one.</summary>
    /// <exception cref="ClusterStartException">It cannot be written.</exception>
    public void Write(EmbeddedClusterHost cluster)
    {
        try
        {
            KubeconfigFile.Write(Path, cluster.ApiUrl, cluster.ApiToken, cluster.AuthorityPem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ClusterStartException($"the kubeconfig {Path} cannot be written: {e.Message}");
        }
    }

    public void Dispose()
    {
        try
        {
            File.Delete(Path);
            if (_folder is not null)
                Directory.Delete(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has been deleted already, or its folder has.
        }
    }
}
