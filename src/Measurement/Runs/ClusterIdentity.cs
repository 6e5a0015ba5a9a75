namespace CiliumDebugging.Measurement.Runs;

/// <summary>What kind of cluster a run was measured on.</summary>
public enum ClusterKind
{
    /// <summary>A cluster that a kubeconfig names.</summary>
    Existing,

    /// <summary>A cluster that kind made.</summary>
    Kind,

    /// <summary>The embedded cluster, which models Cilium.</summary>
    Emulated,
}

/// <summary>The cluster of a run.</summary>
/// <param name="CiliumVersion">Version of the agents; null when unknown or without Cilium.</param>
public sealed record ClusterIdentity(ClusterKind Kind, string? CiliumVersion)
{
    public static ClusterIdentity Unknown { get; } = new(ClusterKind.Existing, null);

    public bool IsEmulated => Kind is ClusterKind.Emulated;

    /// <summary>What a reader must know before everything else; empty on a real cluster.</summary>
    public string Notice =>
        IsEmulated ? $"Emulated: models {Model} on the embedded cluster, not a measurement of Cilium" : "";

    /// <summary>The cluster in two words: <c>emulated Cilium 1.9.0</c>.</summary>
    public string Name => (IsEmulated ? "emulated " : "") + (CiliumVersion is null ? "cluster without Cilium" : Model);

    private string Model => CiliumVersion is null ? "a cluster without Cilium" : $"Cilium {CiliumVersion}";
}
