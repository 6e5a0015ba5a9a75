using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>How a backend is chosen when nothing remembers one.</summary>
public enum BackendSelection
{
    /// <summary>Uniformly at random (Cilium's default; kube-proxy's iptables do the same by a cascade of rules with
    /// probability 1/n, 1/(n−1), …, 1).</summary>
    Random,

    /// <summary>By the connection's 4-tuple (<c>bpf-lb-algorithm: maglev</c>).</summary>
    Maglev,

    /// <summary>In turn, each node for itself (IPVS <c>rr</c>).</summary>
    RoundRobin,
}

/// <summary>The backends of a Service that come into question for a client, with what the selection needs of them.
/// Immutable; shared by nodes.</summary>
public sealed class BackendGroup(ImmutableArray<ServiceBackend> backends)
{
    private MaglevTable? _maglev;

    /// <summary>The backends.</summary>
    public ImmutableArray<ServiceBackend> Backends => backends;

    /// <summary>The Maglev table, built at first use. There must be a backend.</summary>
    public MaglevTable Maglev(int size) =>
        _maglev is { } built && built.Size == size ? built : _maglev = new MaglevTable(backends, size);
}
