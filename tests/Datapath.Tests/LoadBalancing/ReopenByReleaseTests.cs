using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Sockets;

namespace CiliumDebugging.Datapath.Tests.LoadBalancing;

/// <summary>One of three backends is replaced after all ports of a client were used. The share of the new one, as
/// measured with bpf/lib/lb.h of these releases: 0.116 in 1.9, 0.110 within the grace of 1.12, 0.325 in 1.16, 0.28 to
/// 0.35 in 1.19.4, and 0.10 to 0.12 there for connections that ended without FIN or RST.</summary>
public class ReopenByReleaseTests
{
    private const int Ports = 9_000;
    private static readonly TcpEndpoint s_vip = new(99, 80);

    [Theory]
    [InlineData("1.9.0", 1, "seen", 1.0 / 9)]
    [InlineData("1.9.0", 600, "seen", 1.0 / 9)]
    [InlineData("1.11.9", 600, "seen", 1.0 / 9)]
    [InlineData("1.12.0", 1, "seen", 1.0 / 9)]
    [InlineData("1.12.0", 120, "seen", 1.0 / 3)]
    [InlineData("1.15.9", 59, "seen", 1.0 / 9)]
    [InlineData("1.15.9", 120, "seen", 1.0 / 3)]
    [InlineData("1.16.0", 1, "seen", 1.0 / 3)]
    [InlineData("1.16.0", 120, "seen", 1.0 / 3)]
    [InlineData("1.19.4", 1, "seen", 1.0 / 3)]
    [InlineData("1.9.0", 600, "lost", 1.0 / 9)]
    [InlineData("1.12.0", 120, "lost", 1.0 / 9)]
    [InlineData("1.16.0", 120, "lost", 1.0 / 9)]
    [InlineData("1.19.4", 120, "lost", 1.0 / 9)]
    public void The_share_of_a_new_backend_follows_the_release(string release, int pause, string fin, double expected)
    {
        var node = new NodeDatapath(
            "node",
            1,
            CiliumConfig.Parse([
                KeyValuePair.Create("sandbox-cilium-version", release),
                KeyValuePair.Create("sandbox-fin", fin),
            ]),
            new SocketTable(),
            isShared: false
        );
        var random = new Random(7);
        var before = Services(1, 2, 3);
        foreach (var port in Enumerable.Range(1, Ports))
            Connect(node, before, port, 0, random);
        var (after, now) = (Services(1, 2, 4), pause * TimeSpan.TicksPerSecond);
        var share = Enumerable.Range(1, Ports).Count(p => Connect(node, after, p, now, random) == 4) / (double)Ports;
        share.ShouldBe(expected, 4 * Math.Sqrt(expected * (1 - expected) / Ports));
    }

    private static uint Connect(NodeDatapath node, ServiceTable services, int port, long now, Random random)
    {
        var syn = new FourTuple(new TcpEndpoint(7, (ushort)port), s_vip);
        node.Translate(services, syn, now, random, out var backend).ShouldBe(ServiceLookup.Selected);
        node.Close(services, syn, now);
        return backend.Address;
    }

    private static ServiceTable Services(params int[] ids) =>
        new([new ServiceFrontend(s_vip, [.. ids.Select(i => new ServiceBackend(i, new TcpEndpoint((uint)i, 8080)))])]);
}
