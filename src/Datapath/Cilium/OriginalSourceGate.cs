using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Cilium;

/// <summary>
/// Whether an agent lets its egress proxy bind upstream sockets to the original source address and port. With a tunnel
/// it depends on the release: <see cref="ReleaseChanges.NoOriginalSourceWithTunnel"/>, and <see
/// cref="ReleaseChanges.OriginalSourceWithIpsec"/>. Without a tunnel it needs the kernel's socket match, which the
/// emulated kernel has.
/// </summary>
public static class OriginalSourceGate
{
    /// <summary>The gate's answer.</summary>
    /// <param name="version">The agent's version.</param>
    /// <param name="tunnel">Whether pod traffic between nodes goes through a tunnel.</param>
    /// <param name="ipsec">Whether it is encrypted with IPsec.</param>
    /// <param name="useOriginalSourceAddress"><c>proxy-use-original-source-address</c>; a release that does not have
    /// the setting ignores it.</param>
    public static bool Allows(CiliumVersion version, bool tunnel, bool ipsec, bool useOriginalSourceAddress)
    {
        if (!useOriginalSourceAddress && ReleaseChanges.OriginalSourceSetting.In(version))
            return false;
        return !tunnel
            || !ReleaseChanges.NoOriginalSourceWithTunnel.In(version)
            || ipsec && ReleaseChanges.OriginalSourceWithIpsec.In(version);
    }
}
