namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>Which of a Service's backends a client's node prefers.</summary>
public enum BackendLocality
{
    /// <summary>All alike.</summary>
    Cluster,

    /// <summary>Only those on the node that translates: the client's (<c>internalTrafficPolicy: Local</c>) or the one
    /// that traffic from outside came to (<c>externalTrafficPolicy: Local</c>); none otherwise.</summary>
    NodeOnly,

    /// <summary>Those with a hint for the zone of the client's node, if every backend has a hint and one is for that
    /// zone; otherwise all (<c>trafficDistribution: PreferClose</c>).</summary>
    PreferClose,

    /// <summary>The same by a newer name (<c>trafficDistribution: PreferSameZone</c>), which Cilium 1.19 does not
    /// know.</summary>
    PreferSameZone,
}

/// <summary>Which preferences for a zone a node follows.</summary>
public enum ZonePreference
{
    /// <summary>None (Cilium's default).</summary>
    None,

    /// <summary><see cref="BackendLocality.PreferClose"/> (Cilium with <c>enable-service-topology</c>).</summary>
    PreferClose,

    /// <summary><see cref="BackendLocality.PreferClose"/> and <see cref="BackendLocality.PreferSameZone"/>
    /// (kube-proxy).</summary>
    All,
}

/// <summary>What a Service's spec says about the choice of a backend.</summary>
/// <param name="Locality">Which backends come into question.</param>
/// <param name="AffinityTicks"><c>sessionAffinity: ClientIP</c>: how long after its last segment a client keeps its
/// backend, in ticks of 100 ns (default of Kubernetes: 10800 s); null: no affinity.</param>
public sealed record ServiceTraits(BackendLocality Locality = BackendLocality.Cluster, long? AffinityTicks = null)
{
    /// <summary>Neither locality nor affinity.</summary>
    public static ServiceTraits None { get; } = new();

    /// <summary>Reads the fields of a Service's spec; null: Kubernetes's default.</summary>
    /// <param name="sessionAffinity">None or ClientIP.</param>
    /// <param name="affinitySeconds">sessionAffinityConfig.clientIP.timeoutSeconds; 10800 when null.</param>
    /// <param name="internalTrafficPolicy">Cluster or Local.</param>
    /// <param name="trafficDistribution">PreferClose or PreferSameZone. A Service with internalTrafficPolicy Local
    /// ignores it.</param>
    public static ServiceTraits Read(
        string? sessionAffinity,
        int? affinitySeconds,
        string? internalTrafficPolicy,
        string? trafficDistribution
    ) =>
        new(
            internalTrafficPolicy == "Local" ? BackendLocality.NodeOnly
                : trafficDistribution is "PreferClose" ? BackendLocality.PreferClose
                : trafficDistribution is "PreferSameZone" ? BackendLocality.PreferSameZone
                : BackendLocality.Cluster,
            Affinity(sessionAffinity, affinitySeconds)
        );

    /// <summary>Reads the fields of a Service's spec that hold for its node port: traffic from outside.</summary>
    /// <param name="sessionAffinity">None or ClientIP.</param>
    /// <param name="affinitySeconds">sessionAffinityConfig.clientIP.timeoutSeconds; 10800 when null.</param>
    /// <param name="externalTrafficPolicy">Cluster or Local.</param>
    public static ServiceTraits ReadExternal(
        string? sessionAffinity,
        int? affinitySeconds,
        string? externalTrafficPolicy
    ) =>
        new(
            externalTrafficPolicy == "Local" ? BackendLocality.NodeOnly : BackendLocality.Cluster,
            Affinity(sessionAffinity, affinitySeconds)
        );

    private static long? Affinity(string? sessionAffinity, int? seconds) =>
        sessionAffinity == "ClientIP" ? (seconds ?? 10_800) * TimeSpan.TicksPerSecond : null;
}
