namespace CiliumDebugging.ClusterModel;

/// <summary>What distinguishes the embedded cluster from a real one through its API.</summary>
public static class EmulatedCluster
{
    /// <summary>End of the version that its API server reports.</summary>
    public const string VersionSuffix = "-cilium-debugging";

    /// <summary>Scheme of the provider id of its nodes.</summary>
    public const string ProviderScheme = "cilium-debugging://";
}
