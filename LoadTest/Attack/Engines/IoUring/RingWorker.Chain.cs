using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.IoUring;

/// <content>A connection's operations and what their end means.</content>
internal sealed unsafe partial class RingWorker
{
    private const int SocketSetOption = 3;
    private const uint PollIn = 1,
        CancelAll = 1,
        CancelFd = 2,
        CancelFdFixed = 8,
        MsgWaitAll = 0x100;

    // The answer cannot be there yet: watch the socket without trying to read first.
    private const ushort PollFirst = 1;

    private void Connect(RingConnection connection)
    {
        if (connection.Draws++ == ClientPorts.MaxDraws || !Ports.TryTake(out var port))
        {
            Finish(connection, Outcome.PortsExhausted, Errno.Eaddrnotavail);
            return;
        }
        connection.BoundPort = connection.SourcePort = port;
        var address = Addresses[connection.Target];
        // A chain must not be cut by the end of a batch.
        MakeRoom(7);
        connection.IsOpen = true;
        ref var socket = ref _ring.Add(RingOperation.Socket, connection.Key(RingOperation.Socket));
        socket.Flags = Sqe.Link | Sqe.SkipSuccess;
        socket.Fd = address.Family;
        socket.Offset = 1; // SOCK_STREAM
        socket.FileIndex = (uint)connection.Index + 1;
        if (Source is not null)
            Bind(connection, port);
        if (_arrivals is not null)
            SetOption(connection, ArrivalTimes.SocketOption);
        ref var connect = ref Link(connection, RingOperation.Connect);
        if (_arrivals is not null)
        {
            connect.Flags = Sqe.FixedFile | Sqe.Link;
            connection.IsConnecting = true;
            _handshakes++;
            _newHandshakes++;
        }
        connect.Address = (ulong)address.Bytes;
        connect.Offset = (ulong)address.Length;
        ref var send = ref Link(connection, RingOperation.Send);
        // A pinned array: its address does not move.
        send.Address = (ulong)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(connection.RequestBytes));
        send.Length = (uint)connection.RequestLength;
        send.OperationFlags = Libc.MsgNoSignal | MsgWaitAll;
        Receive(connection).Priority = PollFirst;
    }

    private void Bind(RingConnection connection, int port)
    {
        // Without it a port in TIME_WAIT towards any destination could not be bound; connect still refuses a 4-tuple in
        // use.
        SetOption(connection, Libc.SoReuseAddr);
        var source = _sources + ((nint)connection.Index * AddressBytes);
        new ReadOnlySpan<byte>(Source!.Bytes, Source.Length).CopyTo(new Span<byte>(source, AddressBytes));
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(source + 2, 2), (ushort)port);
        ref var bind = ref Link(connection, RingOperation.Bind);
        bind.Address = (ulong)source;
        bind.Offset = (ulong)Source.Length;
    }

    private void SetOption(RingConnection connection, int name)
    {
        ref var option = ref Link(connection, RingOperation.Command);
        option.Offset = SocketSetOption;
        option.Address = Libc.SolSocket | ((ulong)name << 32);
        option.FileIndex = sizeof(int);
        option.Address3 = (ulong)_one;
    }

    private ref Sqe Link(RingConnection connection, RingOperation operation)
    {
        ref var sqe = ref _ring.Add(operation, connection.Key(operation));
        sqe.Flags = Sqe.FixedFile | Sqe.Link | Sqe.SkipSuccess;
        sqe.Fd = connection.Index;
        return ref sqe;
    }

    private ref Sqe Receive(RingConnection connection)
    {
        MakeRoom(1);
        var buffer = _buffers + ((nint)connection.Index * ReceiveBytes);
        var operation = _arrivals is null ? RingOperation.Receive : RingOperation.ReceiveMessage;
        ref var sqe = ref _ring.Add(operation, connection.Key(operation));
        sqe.Flags = Sqe.FixedFile;
        sqe.Fd = connection.Index;
        (sqe.Address, sqe.Length) = _arrivals is null
            ? ((ulong)buffer, ReceiveBytes)
            : (_arrivals.Prepare(connection.Index, buffer, ReceiveBytes), 1u);
        return ref sqe;
    }

    private void ReceiveMore(RingConnection connection)
    {
        Receive(connection);
        _hasMore = _arrivals is not null;
    }

    private void OnEnd(RingConnection connection, RingOperation operation, int result)
    {
        var errno = result < 0 ? -result : 0;
        EndHandshake(connection);
        if (operation is RingOperation.Connect && result == 0)
        {
            OnConnected(connection);
            return;
        }
        // A connection that was given up draws no further port.
        var isConnecting = operation is RingOperation.Bind or RingOperation.Connect;
        if (connection.GivenUp is { } reason && (errno == Errno.Ecanceled || isConnecting))
        {
            Finish(connection, reason is Outcome.NoAnswer && isConnecting ? Outcome.ConnectTimeout : reason, errno: 0);
            return;
        }
        switch (operation)
        {
            case RingOperation.Receive or RingOperation.ReceiveMessage:
                OnReceived(connection, result, errno);
                break;
            case RingOperation.Send:
                // The peer may have answered before it reset the connection.
                connection.SendErrno = errno;
                OnConnected(connection);
                ReceiveMore(connection);
                break;
            // bind says EADDRNOTAVAIL for an address that is not this machine's (no port can help), connect for a
            // 4-tuple that is taken.
            case RingOperation.Bind when errno == Errno.Eaddrinuse:
            case RingOperation.Connect when errno == Errno.Eaddrnotavail && Source is not null:
                Close(connection);
                // What follows a connect that fails is reported as well.
                Renew(connection);
                Connect(connection);
                break;
            case RingOperation.Connect when errno == Errno.Eaddrnotavail:
                Finish(connection, Outcome.PortsExhausted, errno);
                break;
            default:
                Finish(connection, Errno.ConnectOutcome(errno), errno);
                break;
        }
    }

    private void OnReceived(RingConnection connection, int result, int errno)
    {
        OnConnected(connection);
        var end = EndOf(connection, result);
        if (errno != 0)
            Finish(connection, end, Errno.ConnectedOutcome(errno), errno);
        else if (
            connection.Ends(
                new ReadOnlySpan<byte>(_buffers + ((nint)connection.Index * ReceiveBytes), result),
                out var outcome,
                out var failure
            )
        )
            Finish(connection, end, outcome, failure);
        else if (connection.GivenUp is { } reason)
            Finish(connection, reason, errno: 0);
        else
            ReceiveMore(connection);
    }

    // When what was received came. Where the kernel has no time, as for a close, each answer is waited for a while: the
    // next ones may end that way too.
    private TimeSpan EndOf(RingConnection connection, int result)
    {
        var now = Context.Clock.Elapsed;
        if (_arrivals is null)
            return now;
        if (result > 0 && _arrivals.TryRead(connection.Index, out var came))
            return came < connection.Start ? connection.Start
                : came < now ? came
                : now;
        _waitsForEachUntil = now + s_waitsForEach;
        return now;
    }

    private void EndHandshake(RingConnection connection)
    {
        if (connection.IsConnecting)
            _handshakes--;
        connection.IsConnecting = false;
    }

    private void OnConnected(RingConnection connection)
    {
        if (connection.Number < 0)
            connection.Number = Ports.NextConnection();
    }

    private void Close(RingConnection connection)
    {
        if (connection.IsOpen)
        {
            MakeRoom(1);
            ref var close = ref _ring.Add(RingOperation.Close, connection.Key(RingOperation.Close));
            close.Flags = Sqe.SkipSuccess;
            close.FileIndex = (uint)connection.Index + 1;
        }
        connection.IsOpen = false;
        Ports.Release(connection.BoundPort);
        connection.BoundPort = 0;
    }

    private void Cancel(RingConnection connection)
    {
        MakeRoom(1);
        ref var cancel = ref _ring.Add(RingOperation.AsyncCancel, connection.Key(RingOperation.AsyncCancel));
        cancel.Fd = connection.Index;
        cancel.OperationFlags = CancelAll | CancelFd | CancelFdFixed;
        connection.IsCancelling = true;
    }

    private void WatchWake()
    {
        MakeRoom(1);
        ref var poll = ref _ring.Add(RingOperation.PollAdd, WakeKey);
        poll.Fd = _wake;
        poll.OperationFlags = PollIn;
    }

    private void MakeRoom(uint submissions)
    {
        while (_ring.Room < submissions)
            _ring.Submit();
    }
}
