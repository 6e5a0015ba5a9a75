namespace CiliumDebugging.Datapath.Cilium;

/// <summary>Whether an agent lets its proxy bind upstream sockets to the original source address and port. Facts
/// (https://github.com/cilium/cilium/issues/14268): before https://github.com/cilium/cilium/issues/14594 always (the
/// embedded kernel has the socket match); from 1.9.9 and 1.10.0 on only without a tunnel; relaxed again by
/// https://github.com/cilium/cilium/issues/29594 in 1.13.13, 1.14.8 and 1.15.</summary>
public static class OriginalSourceGate
{
    /// <summary>The gate's answer.</summary>
    /// <param name="version">The agent's version.</param>
    /// <param name="tunnel">Whether pod traffic between nodes goes through a tunnel.</param>
    /// <param name="useOriginalSourceAddress"><c>proxy-use-original-source-address</c>
    /// (https://github.com/cilium/cilium/issues/42946; default true).</param>
    public static bool Allows(CiliumVersion version, bool tunnel, bool useOriginalSourceAddress)
    {
        if (!useOriginalSourceAddress)
            return false;
        return !tunnel || !RefusedWithTunnel(version);
    }

    /// <summary>Whether the gate's answer for this version is inferred or remembered rather than read in a source: what
    /// depends on it is a "prediction, unverified". Only 1.9.0 was measured, in the original report.</summary>
    public static bool IsPrediction(CiliumVersion version) => version.CompareTo(new(1, 9, 0)) != 0;

    private static bool RefusedWithTunnel(CiliumVersion version) =>
        version.IsAtLeast(new(1, 9, 9))
        && !(
            version.IsAtLeast(new(1, 15, 0))
            || (version is { Major: 1, Minor: 14 } && version.Patch >= 8)
            || (version is { Major: 1, Minor: 13 } && version.Patch >= 13)
        );
}
