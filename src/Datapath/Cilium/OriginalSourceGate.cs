namespace CiliumDebugging.Datapath.Cilium;

/// <summary>Whether an agent lets its proxy bind upstream sockets to the original source address and port. Before 1.9.9
/// always (the embedded kernel has the socket match). From 1.9.9 on only without a tunnel, whose header carries the
/// identity (https://github.com/cilium/cilium/issues/14594). Since 1.16 always again.</summary>
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

    private static bool RefusedWithTunnel(CiliumVersion version) =>
        version.IsAtLeast(new(1, 9, 9)) && !version.IsAtLeast(new(1, 16, 0));
}
