namespace CiliumDebugging.Lab.Running;

/// <summary>
/// The share of connections that go to certain backends, where those connections wait for a failure. A client port is
/// in use while its connection waits, and the client draws another one. Where the node's service conntrack ties a port
/// to its backend, the ports that are left belong to the other backends more often than not.
/// </summary>
internal static class RemotePodsShare
{
    /// <summary>
    /// With P ports of which the part s belongs to the backends, and b of these and a of the others in use on average,
    /// a draw of a free port gives (s·P − b)/(P − a − b): the ports left that belong to them, of all that are left.
    /// Without ties, or with few requests under way, it is s.
    /// </summary>
    /// <param name="share">s: share of these backends by the rules of the Service, 0 to 1.</param>
    /// <param name="ports">P: ports that the client draws from.</param>
    /// <param name="underWay">b: connections to these backends that are under way, on average.</param>
    /// <param name="othersUnderWay">a: connections to the others that are under way, on average.</param>
    public static double Expected(double share, int ports, double underWay, double othersUnderWay) =>
        ports <= underWay + othersUnderWay
            ? share
            : Math.Clamp((share * ports - underWay) / (ports - underWay - othersUnderWay), 0, 1);
}
