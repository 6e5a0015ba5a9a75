using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.Datapath.Sockets;

/// <summary>The two ends of a TCP socket as its owner sees them.</summary>
/// <param name="Local">The end the owner holds.</param>
/// <param name="Remote">The other end.</param>
public readonly record struct SocketEnds(TcpEndpoint Local, TcpEndpoint Remote)
{
    /// <summary>Whether an egress proxy accepted it: its own connection onwards may have the same addresses and
    /// ports.</summary>
    public bool OfEgressProxy { get; init; }

    /// <summary>The ends of the socket that a listener makes of a SYN.</summary>
    public static SocketEnds AcceptedFrom(in FourTuple syn) => new(syn.Destination, syn.Source);

    /// <summary>The ends of the socket that sends a SYN.</summary>
    public static SocketEnds Connecting(in FourTuple syn) => new(syn.Source, syn.Destination);
}

/// <summary>The established sockets of one network namespace, by 4-tuple, as the kernel's hash of them: what a proxy's
/// accepted and connecting sockets occupy, and what the ingress redirect looks up before the listener. Pods have
/// namespaces of their own; their sockets are not in here. A table is one node's or, as a stand-in, that of all nodes
/// (<see cref="CiliumDebugging.Datapath.Cilium.SocketScope.Shared"/>). Thread-safe.</summary>
public sealed class SocketTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SocketEnds, int> _sockets = [];

    /// <summary>Number of distinct 4-tuples in the table.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _sockets.Count;
        }
    }

    /// <summary>Whether a socket with these ends exists: the lookup of the ingress redirect.</summary>
    public bool Contains(in SocketEnds ends)
    {
        lock (_lock)
            return _sockets.ContainsKey(ends);
    }

    /// <summary>Adds a connecting socket. False when a socket with the same ends exists: connect(2) then fails with
    /// EADDRNOTAVAIL.</summary>
    public bool TryConnect(in SocketEnds ends)
    {
        lock (_lock)
            return _sockets.TryAdd(ends, 1);
    }

    /// <summary>Adds an accepted socket; a client that reuses a 4-tuple whose old socket is still being closed is
    /// counted twice until that is gone.</summary>
    public void Accept(in SocketEnds ends)
    {
        lock (_lock)
            _sockets[ends] = _sockets.GetValueOrDefault(ends) + 1;
    }

    /// <summary>Removes a socket that <see cref="TryConnect"/> or <see cref="Accept"/> added.</summary>
    public void Close(in SocketEnds ends)
    {
        lock (_lock)
        {
            if (!_sockets.TryGetValue(ends, out var count))
                return;
            if (count > 1)
                _sockets[ends] = count - 1;
            else
                _sockets.Remove(ends);
        }
    }
}
