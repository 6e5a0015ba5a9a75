namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>
/// What the lab keeps of a kind cluster between commands: a folder of its own, readable by its owner only, with the
/// cluster's own kubeconfig. The user's kubeconfig is never written.
/// The folder is also how the lab tells its clusters from others of the same name.
/// </summary>
/// <param name="Root">Folder of all clusters.</param>
/// <param name="Cluster">Name of the cluster.</param>
internal sealed record KindState(string Root, string Cluster)
{
    /// <summary>
    /// Where clusters are kept by default: <c>$XDG_STATE_HOME/cilium-debugging/kind</c>, as the XDG base directories
    /// have it.
    /// </summary>
    public static string DefaultRoot =>
        Path.Combine(
            Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
                ? state
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
            "cilium-debugging",
            "kind"
        );

    /// <summary>The folder.</summary>
    public string Folder => Path.Combine(Root, Cluster);

    /// <summary>The cluster's kubeconfig, with one context.</summary>
    public string Kubeconfig => Path.Combine(Folder, "kubeconfig");

    /// <summary>kind's configuration of the cluster.</summary>
    public string KindConfig => Path.Combine(Folder, "kind.yaml");

    /// <summary>Values of Cilium's chart.</summary>
    public string CiliumValues => Path.Combine(Folder, "cilium-values.yaml");

    /// <summary>Image archives.</summary>
    public string Images => Path.Combine(Folder, "images");

    /// <summary>
    /// Stands while the cluster is being made: one that was interrupted then is removed and made anew.
    /// </summary>
    public string Creating => Path.Combine(Folder, "creating");

    /// <summary>Whether the lab made a cluster of this name.</summary>
    public bool IsOurs => Directory.Exists(Folder);

    /// <summary>Makes the folder.</summary>
    public void Create()
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(Folder);
        else
            Directory.CreateDirectory(
                Folder,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
    }

    /// <summary>Removes the folder.</summary>
    public void Delete()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }
}
