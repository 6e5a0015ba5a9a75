using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>
/// Real TCP between the egress proxy of one node and the ingress proxy of another. The route of a connection is decided
/// when it is dialled; eight bytes at its start let the accepting side find that route again.
/// </summary>
/// <typeparam name="T">What the accepting side needs to know.</typeparam>
internal sealed class InterNodeLink<T> : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, T> _dialled = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Socket, T, Task> _accepted;
    private readonly SocketListener _listener;
    private long _lastId = Random.Shared.NextInt64(1L << 62); // not guessable by a stranger who dials this listener

    public InterNodeLink(IPAddress address, AcceptedConnections connections, Func<Socket, T, Task> accepted)
    {
        _accepted = accepted;
        _listener = new SocketListener(new IPEndPoint(address, 0), s => connections.Handle(s, RouteAsync));
    }

    /// <returns>The connection, and its number for <see cref="TryTakeBack"/>.</returns>
    public async ValueTask<(Socket Socket, long Id)> DialAsync(T route, CancellationToken cancellationToken)
    {
        var id = Interlocked.Add(ref _lastId, Random.Shared.Next(1, 1 << 20));
        _dialled[id] = route;
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(_listener.Address, cancellationToken);
            var start = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64BigEndian(start, id);
            await socket.SendAsync(start, SocketFlags.None, cancellationToken);
            return (socket, id);
        }
        catch
        {
            _dialled.TryRemove(id, out _);
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes a route back whose connection is closed before the other side has seen it; false when it has.
    /// </summary>
    public bool TryTakeBack(long id) => _dialled.TryRemove(id, out _);

    private async Task RouteAsync(Socket socket)
    {
        var start = new byte[sizeof(long)];
        for (var read = 0; read < start.Length; )
        {
            var count = await socket.ReceiveAsync(start.AsMemory(read), SocketFlags.None, _stop.Token);
            if (count == 0)
                break;
            read += count;
        }
        if (_dialled.TryRemove(BinaryPrimitives.ReadInt64BigEndian(start), out var route))
            await _accepted(socket, route);
        else
            socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _listener.DisposeAsync();
        _stop.Dispose();
    }
}
