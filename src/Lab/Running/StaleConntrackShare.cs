namespace CiliumDebugging.Lab.Running;

/// <summary>
/// The share of a Pod that replaced one of N while the client's ports already had service conntrack entries (cil#14250), in steady load over M client ports:
/// (1/N) · (1 − p(N−1)/N) · e^(−rG/M).
/// <list type="bullet">
/// <item>p of the ports have an entry; 1/N of these point to the deleted Pod and choose again, the other p(N−1)/N stay where they are: the new Pod can only get 1 − p(N−1)/N;</item>
/// <item>in the gap of G seconds without the new Pod a port escapes being used with probability e^(−rG/M) (r connections/s); one that is used chooses among the others and is lost, too;</item>
/// <item>of what is left the new Pod gets 1/N.</item>
/// </list>
/// </summary>
public static class StaleConntrackShare
{
    /// <summary>The new Pod's share of the connections, 0 to 1.</summary>
    /// <param name="backends">N, backends before and after; 1 or more.</param>
    /// <param name="portsWithEntry">p, the part of the client's ports with an entry when the Pod was deleted, 0 to 1.</param>
    /// <param name="gapConnections">rG, the connections made while there were N − 1 backends.</param>
    /// <param name="ports">M, the client's ports; 1 or more. Ports are drawn at random.</param>
    public static double Expected(int backends, double portsWithEntry, double gapConnections, int ports)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(backends, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ports, 1);
        var n = (double)backends;
        return 1 / n * (1 - portsWithEntry * (n - 1) / n) * Math.Exp(-gapConnections / ports);
    }

    /// <summary>Standard deviation of a share that is frozen in M ports: each of them fell to the Pod with probability s once and for all, so more connections do not average it out.</summary>
    /// <param name="share">s, 0 to 1.</param>
    /// <param name="ports">M.</param>
    public static double FrozenSpread(double share, int ports) => Math.Sqrt(share * (1 - share) / ports);
}
