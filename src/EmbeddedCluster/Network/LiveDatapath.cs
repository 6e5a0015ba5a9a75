using System.Collections.Concurrent;
using System.Net.Sockets;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.EmbeddedCluster.Proxy;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>
/// The live shell of the datapath: listens on Pod and Service addresses, asks the pure core (<see cref="ForwardingPath"/>) what becomes of each connection, and does it with real sockets.
/// </summary>
internal sealed class LiveDatapath : IAsyncDisposable
{
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly PodDialer _dialer;
    private readonly NodeProxyServer _proxies;
    private readonly UpstreamDialer _upstream;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<TcpEndpoint, VirtualListener> _listeners = new();
    private readonly ConcurrentDictionary<uint, PodBacking> _backings = new();
    private readonly ConcurrentDictionary<string, NodeProxy> _nodeProxies = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, Task> _connections = new();
    private long _lastConnection;
    private volatile ClusterSnapshot _cluster = ClusterSnapshot.Empty(
        new CiliumDebugging.Datapath.Policies.IdentityTable()
    );
    private volatile ForwardingPath _path;

    private LiveDatapath(
        ForwardingPath path,
        int portOffset,
        NodeProxyServer proxies,
        System.Net.IPAddress linkAddress,
        TimeProvider time,
        Random random
    )
    {
        (_path, _proxies, _time, _random, PortOffset) = (path, proxies, time, random, portOffset);
        _dialer = new PodDialer(portOffset);
        Established = new EstablishedFlows(_cluster);
        _upstream = new UpstreamDialer(this, linkAddress);
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

    /// <summary>Time source.</summary>
    public TimeProvider Time => _time;

    public static async Task<LiveDatapath> StartAsync(
        ForwardingPath path,
        int portOffset,
        System.Net.IPAddress linkAddress,
        TimeProvider time,
        Random random,
        CancellationToken cancellationToken
    ) =>
        new(
            path,
            portOffset,
            await NodeProxyServer.StartAsync(time, random, cancellationToken),
            linkAddress,
            time,
            random
        );

    /// <summary>The proxy of a node.</summary>
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
        var listener = new VirtualListener(address, PortOffset, Accepted);
        if (!_listeners.TryAdd(address, listener))
            listener.Dispose();
    }

    /// <summary>Stops listening.</summary>
    public async Task UnlistenAsync(TcpEndpoint address)
    {
        if (_listeners.TryRemove(address, out var listener))
            await listener.StopAsync();
    }

    /// <summary>Connects to a Pod's process as the node's host does: kubelet probes and the API server's pod proxy.</summary>
    /// <exception cref="SocketException">No such Pod, or nobody listens there.</exception>
    public async ValueTask<Socket> DialPodAsync(
        uint pod,
        int port,
        TcpEndpoint source,
        CancellationToken cancellationToken
    ) =>
        _backings.TryGetValue(pod, out var backing)
            ? await _dialer.ConnectAsync(backing, source, new TcpEndpoint(pod, (ushort)port), cancellationToken)
            : throw new SocketException((int)SocketError.ConnectionRefused);

    private void Accepted(Socket socket, TcpEndpoint dialled)
    {
        var id = Interlocked.Increment(ref _lastConnection);
        var handling = HandleAsync(socket, dialled);
        _connections[id] = handling;
        handling.ContinueWith(
            _ => _connections.TryRemove(id, out Task? _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    private async Task HandleAsync(Socket socket, TcpEndpoint dialled)
    {
        await Task.Yield();
        try
        {
            var syn = new FourTuple(TcpEndpoint.From((System.Net.IPEndPoint)socket.RemoteEndPoint!), dialled);
            var route = Path.Connect(Cluster, syn, Now(), _random, out var hold);
            if (hold is not null)
                hold.Released = () => Path.Close(Cluster, syn, Now());
            await FollowAsync(socket, route, hold);
            if (hold is null)
                Path.Close(Cluster, syn, Now());
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Reset(socket);
        }
    }

    /// <summary>Does with an accepted socket what the core decided.</summary>
    internal async ValueTask FollowAsync(Socket socket, Hop route, SocketHold? hold)
    {
        switch (route.Action)
        {
            case HopAction.ToEgressProxy or HopAction.ToIngressProxy:
                var proxied = new ProxiedConnection(
                    route,
                    hold,
                    _upstream.CreateInvoker(route),
                    Proxy(route.Node!.Name),
                    Established
                );
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
                Reset(socket);
                break;
        }
    }

    internal void CountDrop(in Hop route) =>
        Proxy(route.Node!.Name)
            .Hubble.Drop(
                route.Reason ?? "POLICY_DENIED",
                route.Source is { } source && source.NodeName == route.Node.Name ? "egress" : "ingress"
            );

    internal long Now() => _time.GetUtcNow().Ticks;

    private async Task SpliceAsync(Socket socket, Hop route)
    {
        using var upstream = await DialPodAsync(
            route.Backend.Address,
            route.Backend.Port,
            route.Wire.Source,
            _stop.Token
        );
        using var splice = new Splice(socket, upstream, route, reason => CountDrop(route with { Reason = reason }));
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

    /// <summary>What a dropped SYN looks like from user space: connected, then silence, until the client gives up.</summary>
    private async Task SilenceAsync(Socket socket)
    {
        var buffer = new byte[1024];
        using (socket)
        {
            while (await socket.ReceiveAsync(buffer, SocketFlags.None, _stop.Token) > 0) { }
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already closed.
        }
        socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_listeners.Keys.Select(UnlistenAsync));
        await _upstream.DisposeAsync();
        await _proxies.DisposeAsync();
        await Task.WhenAll(_connections.Values);
        _stop.Dispose();
    }
}
