using CiliumDebugging.ClusterModel;

namespace CiliumDebugging.EmbeddedCluster.Configuration;

/// <summary>What an embedded cluster is started with.</summary>
public sealed record ClusterOptions
{
    public ClusterTopology Topology { get; init; } = ClusterTopology.Default;

    /// <summary>Bearer token of the API, at least 16 characters.</summary>
    public required string ApiToken { get; init; }

    /// <summary>
    /// Whether the API is served over TLS, by a certificate of an authority made for this cluster. Default false: plain
    /// HTTP on loopback.
    /// </summary>
    public bool ApiTls { get; init; }

    /// <summary>
    /// Added to every Pod and Service port where it is listened on, 0 to 50000; null: 0, or a free offset when a port
    /// is taken on this machine.
    /// </summary>
    public int? PortOffset { get; init; }

    /// <summary>Data of kube-system/cilium-config.</summary>
    public IReadOnlyDictionary<string, string> CiliumConfig { get; init; } = new Dictionary<string, string>();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Source of the backend choice and of back-off jitter.</summary>
    public Random Random { get; init; } = Random.Shared;
}
