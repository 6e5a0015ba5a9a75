using System.Collections.Frozen;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Sockets;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Forwarding;

/// <summary>Two nodes: the client and a backend on one, a backend on the other.</summary>
internal sealed class TwoNodeCluster
{
    /// <summary>Own address and port of the proxy of the client's node.</summary>
    public static readonly TcpEndpoint EgressProxy = new(0x0A00_0001, 50_000);

    /// <summary>Own address and port of the proxy of the other node.</summary>
    public static readonly TcpEndpoint IngressProxy = new(0x0A00_0002, 50_001);

    public TwoNodeCluster(CiliumConfig config, params string[] policies)
    {
        var lab = new PolicyLab([
            .. policies.Select(p => File.ReadAllText(System.IO.Path.Combine(ScenarioCatalog.BuiltIn, p))),
        ]);
        PodEntry[] pods =
        [
            new("load-test", "load-test", "client-node", Client.Address, "1", lab.LoadTest),
            new("backend", "local", "client-node", LocalPod.Address, "2", lab.Backend),
            new("backend", "remote", "other-node", RemotePod.Address, "3", lab.Backend),
        ];
        var services = new ServiceTable([
            new ServiceFrontend(Vip, [new ServiceBackend(1, LocalPod), new ServiceBackend(2, RemotePod)]),
        ]);
        Snapshot = new ClusterSnapshot(pods.ToFrozenDictionary(p => p.Address), services, lab.Policies, lab.Identities);
        var shared = new SocketTable();
        Path = new ForwardingPath([Node("client-node", 0x0A00_0001), Node("other-node", 0x0A00_0002)]);
        NodeDatapath Node(string name, uint address) =>
            new(name, address, config, config.Sockets is SocketScope.Shared ? shared : new SocketTable());
    }

    public TcpEndpoint Client { get; } = new(0x0AF4_0302, 40_001);

    public TcpEndpoint LocalPod { get; } = new(0x0AF4_0303, 8080);

    public TcpEndpoint RemotePod { get; } = new(0x0AF4_0103, 8080);

    public TcpEndpoint Vip { get; } = new(0x0A60_0001, 8080);

    public ClusterSnapshot Snapshot { get; }

    public ForwardingPath Path { get; }

    /// <summary>One connection through all its hops, which stay open; <paramref name="holds"/> are the sockets it
    /// takes.</summary>
    public List<Hop> Walk(TcpEndpoint client, TcpEndpoint destination, out List<IDisposable> holds)
    {
        var taken = new List<IDisposable>();
        void Take(params IDisposable?[] some) => taken.AddRange(some.OfType<IDisposable>());
        var hops = new List<Hop>
        {
            Path.Connect(Snapshot, new FourTuple(client, destination), 0, new Random(1), out var accepted),
        };
        Take(accepted);
        if (hops[^1].Action is HopAction.ToEgressProxy)
        {
            hops.Add(Path.ConnectFromEgressProxy(Snapshot, hops[^1], EgressProxy, out var connecting, out accepted));
            Take(connecting, accepted);
        }
        if (hops[^1].Action is HopAction.ToIngressProxy)
        {
            hops.Add(Path.ConnectFromIngressProxy(Snapshot, hops[^1], IngressProxy, out var connecting));
            Take(connecting);
        }
        holds = taken;
        return hops;
    }
}
