namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>
/// The lab's files about a kind cluster: a folder of its own, readable by its owner only, with the cluster's own
/// kubeconfig. The user's kubeconfig is never written. By the folder the lab also recognises its clusters among others
/// of the same name.
///</summary>
/// <param name="Root">Folder of all clusters.</param>
/// <param name="Cluster">Name of the cluster.</param>
internal sealed record KindState(string Root, string Cluster)
{
    /// <summary>
    /// The default: <c>$XDG_STATE_HOME/cilium-debugging/kind</c>, as the XDG base directories have it.
    ///</summary>
    public static string DefaultRoot =>
        Path.Combine(
            Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
                ? state
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
            "cilium-debugging",
            "kind"
        );

    public string Folder => Path.Combine(Root, Cluster);

    /// <summary>The cluster's kubeconfig, with one context.</summary>
    public string Kubeconfig => Path.Combine(Folder, "kubeconfig");

    /// <summary>kind's configuration of the cluster.</summary>
    public string KindConfig => Path.Combine(Folder, "kind.yaml");

    /// <summary>The options of the last <c>up</c>.</summary>
    public string Options => Path.Combine(Folder, "options.json");

    /// <summary>Values of Cilium's chart.</summary>
    public string CiliumValues => Path.Combine(Folder, "cilium-values.yaml");

    public string Images => Path.Combine(Folder, "images");

    /// <summary>
    /// Exists while the cluster is being created: after an interruption it is removed and created again.
    ///</summary>
    public string Creating => Path.Combine(Folder, "creating");

    /// <summary>Whether the lab created a cluster of this name.</summary>
    public bool IsOurs => Directory.Exists(Folder);

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

    public void Delete()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }
}
