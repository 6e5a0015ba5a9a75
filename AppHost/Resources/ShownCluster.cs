using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Observing;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>A cluster, and what of it is shown.</summary>
internal sealed record ShownCluster
{
    /// <summary>What is measured on, for the verdict.</summary>
    public required string Description { get; init; }

    /// <summary>Which cluster it is, for its row.</summary>
    public required string Source { get; init; }

    /// <summary>Which Pods have rows.</summary>
    public required IReadOnlyList<MirroredPods> Pods { get; init; }

    /// <summary>What may be changed.</summary>
    public required ClusterRights Rights { get; init; }

    /// <summary>Whether the lab made it: changes to it affect no other user.</summary>
    public required bool IsEmbedded { get; init; }
}
