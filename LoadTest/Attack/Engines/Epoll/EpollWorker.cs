using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace CiliumDebugging.LoadTest.Attack;

/// <summary>
/// One event loop: starts what is due, reads what has arrived, gives up what is late. All state belongs to its thread.
/// </summary>
internal sealed unsafe partial class EpollWorker : IDisposable
{
    private const int ReceiveBytes = 64 * 1024;

    // A burst of overdue starts is interrupted, or answers would wait and look slow.
    private const int MaxStartsPerTurn = 32;

    private static readonly TimeSpan Forever = TimeSpan.FromSeconds(60);

    private readonly AttackContext _context;
    private readonly AttackPlan _plan;
    private readonly AttackClock _clock;
    private readonly SharedPorts _ports;
    private readonly Schedule _schedule;
    private readonly EpollSet _epoll = new();
    private readonly InFlightList _inFlight = new();
    private readonly List<EpollConnection> _connections = [];
    private readonly Stack<EpollConnection> _closed = new();
    private readonly Queue<EpollConnection> _idle = new();
    private readonly SockAddr[] _addresses;
    private readonly SockAddr? _source;
    private readonly byte* _buffer = (byte*)NativeMemory.Alloc(ReceiveBytes);
    private readonly int _capacity;

    public EpollWorker(AttackContext context, SharedPorts ports, int worker, int workers)
    {
        _context = context;
        _plan = context.Plan;
        _clock = context.Clock;
        _ports = ports;
        _schedule = new Schedule(context, worker, workers);
        _capacity = (context.Capacity + workers - 1 - worker) / workers;
        _addresses = [.. _plan.Targets.Select(target => new SockAddr(target.EndPoint))];
        if (!ports.IsKernel)
        {
            var any = _plan.Targets[0].EndPoint.AddressFamily is AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
            _source = new SockAddr(new IPEndPoint(_plan.SourceAddress ?? any, 0));
        }
    }

    /// <summary>Runs until every request of this worker has its record.</summary>
    public void Run()
    {
        // Waits end when they should, not up to 50 µs later (the default slack of a thread).
        _ = Libc.PrCtl(Libc.PrSetTimerSlack, 1, 0, 0, 0);
        using var drain = _context.Drain.Register(_epoll.Wake);
        using var abort = _context.Abort.Register(_epoll.Wake);
        var starts = 0;
        while (true)
        {
            var now = _clock.Elapsed;
            GiveUp(now);
            var turn = _schedule.Next(now, _inFlight.Count < _capacity, out var sequence, out var intendedStart, out var wait);
            if (turn is Turn.Start)
            {
                Start(sequence, intendedStart, now);
                if (++starts < MaxStartsPerTurn)
                    continue;
            }
            else if (turn is Turn.Done)
            {
                if (_inFlight.Count == 0)
                    return;
                wait = Forever;
            }

            starts = 0;
            if (_inFlight.Oldest is { } oldest && oldest.Start + _plan.Timeout - now < wait)
                wait = oldest.Start + _plan.Timeout - now;
            HandleEvents(wait);
        }
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
            Close(connection);
        foreach (var address in _addresses)
            address.Dispose();
        _source?.Dispose();
        _epoll.Dispose();
        NativeMemory.Free(_buffer);
    }

    private void GiveUp(TimeSpan now)
    {
        var aborted = _context.Abort.IsCancellationRequested;
        while (_inFlight.Oldest is { } oldest && (aborted || now - oldest.Start >= _plan.Timeout))
        {
            var outcome = aborted ? Outcome.Canceled
                : oldest.State is ConnectionState.Connecting ? Outcome.ConnectTimeout
                : Outcome.NoAnswer;
            Finish(oldest, outcome, errno: 0);
        }
    }

    private void HandleEvents(TimeSpan wait)
    {
        var count = _epoll.Wait(wait < Forever ? wait > TimeSpan.Zero ? wait : TimeSpan.Zero : Forever);
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
                    // Closed by the peer, or it says what nobody asked for. The slot stays in the queue, without a socket.
                    Close(connection);
                    break;
            }
        }
    }

    private EpollConnection NextConnection()
    {
        // Kept-alive connections are used in turn; with fresh ones, the slot used last is the warmest.
        if (_plan.KeepAliveConnections > 0 && _connections.Count == _capacity)
            return _idle.Dequeue();
        if (_plan.KeepAliveConnections == 0 && _closed.TryPop(out var closed))
            return closed;
        var added = new EpollConnection(_connections.Count, new ResponseParser(_plan.Responder, _context.Names, _plan.Limits));
        _connections.Add(added);
        return added;
    }

    private void Finish(EpollConnection connection, Outcome outcome, int errno)
    {
        var parser = connection.Parser;
        _inFlight.Remove(connection);
        _context.Recorder.Add(new RequestRecord(connection.Sequence, connection.IntendedStart, connection.Start, _clock.Elapsed,
            connection.SourcePort, connection.Number, connection.Requests, outcome, parser.Status, parser.Pod, parser.Node,
            parser.BytesConsumed, errno, parser.Fault));
        connection.Requests++;
        if (outcome is not Outcome.Response || _plan.KeepAliveConnections == 0 || !parser.CanReuseConnection)
            Close(connection);
        else
            connection.State = ConnectionState.Idle;
        if (_plan.KeepAliveConnections > 0)
            _idle.Enqueue(connection);
        else
            _closed.Push(connection);
    }
}
