using System.Collections.Frozen;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>The peers that fromEntities and toEntities name (cilium, pkg/policy/api/entity.go).</summary>
public sealed record EntityPeer(string Entity) : PeerSelector
{
    private static readonly string[] s_clusterMembers =
    [
        "host",
        "remote-node",
        "init",
        "ingress",
        "health",
        "unmanaged",
        "kube-apiserver",
    ];

    /// <summary>What <c>cluster</c> names beside the Pods of the cluster.</summary>
    internal static IEnumerable<string> ClusterMembers => s_clusterMembers;

    /// <summary>The names that are understood.</summary>
    public static FrozenSet<string> Names { get; } =
        FrozenSet.ToFrozenSet(["all", "world", "cluster", .. s_clusterMembers, "none"], StringComparer.Ordinal);

    public override bool Matches(Peer peer) =>
        Entity switch
        {
            "all" => true,
            "cluster" => Array.Exists(s_clusterMembers, name => IsReserved(peer, name)) || IsInCluster(peer),
            _ => IsReserved(peer, Entity),
        };

    internal override bool NamesHost => Entity is "host" or "cluster";

    private static bool IsReserved(Peer peer, string name)
    {
        foreach (Label label in peer.Identity.Labels)
        {
            if (label.Source == Label.Reserved && label.Key == name)
                return true;
        }
        return false;
    }

    private static bool IsInCluster(Peer peer)
    {
        foreach (Label label in peer.Identity.Labels)
        {
            if (label is { Source: Label.Kubernetes, Key: Label.Cluster })
                return true;
        }
        return false;
    }
}
