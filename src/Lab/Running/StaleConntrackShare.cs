namespace CiliumDebugging.Lab.Running;

/// <summary>
/// The share of a Pod that replaced one of N while the client's ports already had service conntrack entries, in steady
/// load over M client ports (https://github.com/cilium/cilium/issues/14250):
/// (1/N) · (1 − p(N−1)/N) · e^(−rG/M).
/// <list type="bullet">
/// <item>A part p of the ports has an entry. 1/N of these point to the deleted Pod and choose again; the other
/// p(N−1)/N keep their backend. The new Pod can get only 1 − p(N−1)/N.</item>
/// <item>In the gap of G seconds without the new Pod, a port stays unused with probability e^(−rG/M) at r
/// connections/s. A port that is used chooses among the other Pods and is lost as well.</item>
/// <item>The new Pod gets 1/N of the rest.</item>
/// </list>
/// With N = 1 there is no other Pod that an entry could keep: its share is 1.
/// </summary>
public static class StaleConntrackShare
{
    /// <summary>The new Pod's share of the connections, 0 to 1.</summary>
    /// <param name="backends">N, backends before and after; 1 or more.</param>
    /// <param name="portsWithEntry">p, the part of the ports with an entry when the Pod was deleted, 0 to 1.</param>
    /// <param name="gapConnections">rG, the connections made while there were N − 1 backends.</param>
    /// <param name="ports">M, the client's ports; 1 or more. Ports are drawn at random.</param>
    public static double Expected(int backends, double portsWithEntry, double gapConnections, int ports)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(backends, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ports, 1);
        if (backends == 1)
            return 1;
        var n = (double)backends;
        return 1 / n * (1 - portsWithEntry * (n - 1) / n) * Math.Exp(-gapConnections / ports);
    }

    /// <summary>
    /// Standard deviation of a share that is frozen in M ports: each belongs to the Pod with probability s for good, so
    /// more connections do not average it out.
    /// </summary>
    /// <param name="share">s, 0 to 1.</param>
    /// <param name="ports">M.</param>
    public static double FrozenSpread(double share, int ports) => Math.Sqrt(share * (1 - share) / ports);
}
