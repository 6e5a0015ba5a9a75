namespace CiliumDebugging.ClusterModel;

/// <summary>Where Cilium keeps what the lab reads, the same on the embedded cluster and on a real one.</summary>
public static class CiliumNames
{
    /// <summary>Namespace of the agents and of their settings.</summary>
    public const string SystemNamespace = "kube-system";

    /// <summary>Name of the ConfigMap with the agents' settings.</summary>
    public const string ConfigMap = "cilium-config";

    /// <summary>Port of Hubble's metrics on each agent, unless the settings name another.</summary>
    public const int HubbleMetricsPort = 9091;
}
