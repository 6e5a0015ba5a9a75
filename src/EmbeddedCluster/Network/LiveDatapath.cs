using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.EmbeddedCluster.Proxy;
using CiliumDebugging.Releases;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>
/// The live shell of the datapath: listens on Pod and Service addresses, asks the pure core
/// (<see cref="ForwardingPath"/>) what becomes of each connection, and does it with real sockets.
/// </summary>
internal sealed class LiveDatapath : IAsyncDisposable
{
    private readonly Random _random;
    private readonly PodDialer _dialer;
    private readonly NodeProxyServer _proxies;
    private readonly UpstreamDialer _upstream;
    private readonly AcceptedConnections _connections;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<TcpEndpoint, SocketListener> _listeners = new();
    private readonly ConcurrentDictionary<uint, PodBacking> _backings = new();
    private readonly ConcurrentDictionary<string, NodeProxy> _nodeProxies = new(StringComparer.Ordinal);
    private volatile ClusterSnapshot _cluster = ClusterSnapshot.Empty(new IdentityTable());
    private volatile ForwardingPath _path;

    private LiveDatapath(
        ForwardingPath path,
        NodeProxyServer proxies,
        int portOffset,
        IPAddress linkAddress,
        TimeProvider time,
        Random random,
        ILogger log
    )
    {
        (_path, _proxies, PortOffset, Time, _random) = (path, proxies, portOffset, time, random);
        _connections = new AcceptedConnections(log);
        _dialer = new PodDialer(portOffset);
        Established = new EstablishedFlows(_cluster);
        _upstream = new UpstreamDialer(this, linkAddress, _connections);
    }

    /// <summary>Added to every port where it is listened on.</summary>
    public int PortOffset { get; }

    /// <summary>What the agents know; swapped whole. A change applies to established connections at once.</summary>
    public ClusterSnapshot Cluster
    {
        get => _cluster;
        set
        {
            Established.Update(value);
            _cluster = value;
        }
    }

    /// <summary>The connections that policy has a say in.</summary>
    public EstablishedFlows Established { get; }

    /// <summary>The nodes' datapaths; swapped when an agent restarts.</summary>
    public ForwardingPath Path
    {
        get => _path;
        set => _path = value;
    }

    /// <summary>The release that policies are read for: the first node's agent's.</summary>
    public CiliumVersion Release => _path.Nodes.First().Config.Version;

    /// <summary>How long after a change of endpoints the nodes know of it: the first node's agent's setting.</summary>
    public TimeSpan EndpointLag => _path.Nodes.First().Config.EndpointLag;

    public TimeProvider Time { get; }

    public static async Task<LiveDatapath> StartAsync(
        ForwardingPath path,
        int portOffset,
        IPAddress linkAddress,
        TimeProvider time,
        Random random,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        var proxies = await NodeProxyServer.StartAsync(time, random, loggers, cancellationToken);
        return new LiveDatapath(path, proxies, portOffset, linkAddress, time, random, loggers.CreateLogger("datapath"));
    }

    public NodeProxy Proxy(string node) => _nodeProxies.GetOrAdd(node, static n => new NodeProxy(n));

    /// <summary>Makes a Pod's process reachable at its address.</summary>
    public void AddPod(uint address, PodBacking backing, IEnumerable<int> ports)
    {
        _backings[address] = backing;
        foreach (var port in ports)
            Listen(new TcpEndpoint(address, (ushort)port));
    }

    /// <summary>Forgets a Pod; established connections go on until its process ends them.</summary>
    public async Task RemovePodAsync(uint address, IEnumerable<int> ports)
    {
        _backings.TryRemove(address, out _);
        foreach (var port in ports)
            await UnlistenAsync(new TcpEndpoint(address, (ushort)port));
    }

    /// <summary>Starts to listen on a Pod or Service address. Does nothing where it listens already.</summary>
    /// <exception cref="SocketException">The port cannot be bound.</exception>
    public void Listen(TcpEndpoint address)
    {
        if (_listeners.ContainsKey(address))
            return;
        var bound = new IPEndPoint(TcpEndpoint.ToIPAddress(address.Address), address.Port + PortOffset);
        _listeners[address] = new SocketListener(
            bound,
            accepted => _connections.Handle(accepted, socket => HandleAsync(socket, address)),
            waitsForRoom: true
        );
    }

    public async Task UnlistenAsync(TcpEndpoint address)
    {
        if (_listeners.TryRemove(address, out var listener))
            await listener.DisposeAsync();
    }

    /// <summary>
    /// Connects to a Pod's process as the node's host does: kubelet probes and the API server's pod proxy.
    /// </summary>
    /// <exception cref="SocketException">There is no such Pod, or its process does not listen there.</exception>
    public async ValueTask<Socket> DialPodAsync(
        uint pod,
        int port,
        TcpEndpoint source,
        CancellationToken cancellationToken
    ) =>
        _backings.TryGetValue(pod, out var backing)
            ? await _dialer.ConnectAsync(backing, source, new TcpEndpoint(pod, (ushort)port), cancellationToken)
            : throw new SocketException((int)SocketError.ConnectionRefused);

    private async Task HandleAsync(Socket socket, TcpEndpoint dialled)
    {
        var syn = new FourTuple(TcpEndpoint.From((IPEndPoint)socket.RemoteEndPoint!), dialled);
        var route = Path.Connect(Cluster, syn, Now(), _random, out var hold);
        // A SYN that is dropped has nothing after it.
        var isEstablished = route.Action is not (HopAction.Drop or HopAction.LostAtRedirect);
        if (isEstablished)
            Path.Continue(Cluster, syn, Now());
        if (hold is not null)
            hold.Released = () => Path.Close(Cluster, syn, Now());
        try
        {
            await FollowAsync(socket, route, hold);
        }
        finally
        {
            if (hold is null && isEstablished)
                Path.Close(Cluster, syn, Now());
        }
    }

    /// <summary>
    /// Does with an accepted socket what the core decided. Gives the place of the socket back when that fails.
    /// </summary>
    internal async Task FollowAsync(Socket socket, Hop route, SocketHold? hold)
    {
        try
        {
            switch (route.Action)
            {
                case HopAction.ToEgressProxy or HopAction.ToIngressProxy:
                    var (proxy, upstream) = (Proxy(route.Node!.Name), _upstream.CreateInvoker(route));
                    var proxied = new ProxiedConnection(route, hold, upstream, proxy, Established);
                    await _proxies.Listener.RedirectAsync(socket, proxied, _stop.Token);
                    break;
                case HopAction.ToPod:
                    Proxy(route.Node!.Name).Hubble.Connection("ingress");
                    await SpliceAsync(socket, route);
                    break;
                case HopAction.Drop or HopAction.LostAtRedirect:
                    CountDrop(route);
                    await SilenceAsync(socket);
                    break;
                default:
                    CountDrop(route);
                    AcceptedConnections.Reset(socket);
                    break;
            }
        }
        catch
        {
            hold?.Dispose();
            throw;
        }
    }

    internal void CountDrop(in Hop route)
    {
        if (route.Reason is not { } reason)
            return;
        var isEgress = route.Source is { } source && source.NodeName == route.Node!.Name;
        Proxy(route.Node!.Name).Hubble.Drop(reason, isEgress ? "egress" : "ingress");
    }

    private long Now() => Time.GetUtcNow().Ticks;

    private async Task SpliceAsync(Socket socket, Hop route)
    {
        using var pod = await DialPodAsync(route.Backend.Address, route.Backend.Port, route.Wire.Source, _stop.Token);
        using var splice = new Splice(socket, pod, route, reason => CountDrop(route with { Reason = reason }));
        Established.Add(splice);
        try
        {
            using (socket)
                await splice.RunAsync(_stop.Token);
        }
        finally
        {
            Established.Remove(splice);
        }
    }

    /// <summary>
    /// What a dropped SYN looks like from user space: connected, then silence, until the client gives up.
    /// </summary>
    private async Task SilenceAsync(Socket socket)
    {
        var buffer = new byte[1024];
        using (socket)
        {
            while (await socket.ReceiveAsync(buffer, SocketFlags.None, _stop.Token) > 0) { }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_listeners.Keys.Select(UnlistenAsync));
        await _upstream.DisposeAsync();
        await _proxies.DisposeAsync();
        await _connections.WhenAllEnded();
        _stop.Dispose();
    }
}
