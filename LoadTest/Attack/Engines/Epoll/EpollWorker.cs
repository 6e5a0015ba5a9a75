using System.Runtime.InteropServices;
using CiliumDebugging.LoadTest.Attack.Engines.Loops;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.Epoll;

/// <summary>The event loop on epoll.</summary>
internal sealed unsafe partial class EpollWorker(AttackContext context, SharedPorts ports, int worker, int workers)
    : EventLoop<EpollConnection>(context, ports, worker, workers)
{
    private const int ReceiveBytes = 64 * 1024;

    private readonly EpollSet _epoll = new();
    private readonly List<EpollConnection> _connections = [];
    private readonly Stack<EpollConnection> _closed = new();
    private readonly Queue<EpollConnection> _idle = new();
    private readonly byte* _buffer = (byte*)NativeMemory.Alloc(ReceiveBytes);

    protected override int Busy => InFlight.Count;

    public override void Dispose()
    {
        foreach (var connection in _connections)
            Close(connection);
        _epoll.Dispose();
        NativeMemory.Free(_buffer);
        base.Dispose();
    }

    protected override void Wake() => _epoll.Wake();

    protected override void GiveUp(EpollConnection oldest, bool aborted) =>
        Finish(
            oldest,
            aborted ? Outcome.Canceled
                : oldest.State is ConnectionState.Connecting ? Outcome.ConnectTimeout
                : Outcome.NoAnswer,
            errno: 0
        );

    protected override void HandleEvents(TimeSpan wait)
    {
        var count = _epoll.Wait(wait);
        for (var i = 0; i < count; i++)
        {
            if (!_epoll.TryGet(i, out _, out var key))
                continue;
            var connection = _connections[(int)(uint)key];
            if (connection.Generation != (uint)(key >> 32))
                continue;
            switch (connection.State)
            {
                case ConnectionState.Connecting:
                    Send(connection);
                    break;
                case ConnectionState.Sending:
                    // The peer may answer before it has read everything.
                    Send(connection);
                    if (connection.State is ConnectionState.Sending)
                        Receive(connection);
                    break;
                case ConnectionState.Receiving:
                    Receive(connection);
                    break;
                case ConnectionState.Idle:
                    // Closed by the peer, or it sent unrequested data. The slot stays in the queue, without a socket.
                    Close(connection);
                    break;
            }
        }
    }

    private EpollConnection NextConnection()
    {
        // Kept-alive connections are used in turn; with fresh ones, the slot used last is the warmest.
        if (Plan.KeepAliveConnections > 0 && _connections.Count == Capacity)
            return _idle.Dequeue();
        if (Plan.KeepAliveConnections == 0 && _closed.TryPop(out var closed))
            return closed;
        var added = new EpollConnection(
            _connections.Count,
            new ResponseParser(Plan.Responder, Context.Names, Plan.Limits)
        );
        _connections.Add(added);
        return added;
    }

    private void Finish(EpollConnection connection, Outcome outcome, int errno)
    {
        InFlight.Remove(connection);
        connection.End(Context, outcome, errno);
        connection.Requests++;
        if (outcome is not Outcome.Response || Plan.KeepAliveConnections == 0 || !connection.Parser.CanReuseConnection)
            Close(connection);
        else
            connection.State = ConnectionState.Idle;
        if (Plan.KeepAliveConnections > 0)
            _idle.Enqueue(connection);
        else
            _closed.Push(connection);
    }
}
