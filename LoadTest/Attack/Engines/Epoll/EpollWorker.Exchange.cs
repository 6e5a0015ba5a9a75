using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.Epoll;

/// <content>One exchange: connect, send, receive.</content>
internal sealed unsafe partial class EpollWorker
{
    protected override void Start(long sequence, TimeSpan intendedStart, TimeSpan now)
    {
        var connection = NextConnection();
        Context.Recorder.Started(sequence, intendedStart, now);
        connection.Begin(Context, sequence, intendedStart, now);
        connection.Sent = 0;
        InFlight.Add(connection);
        if (connection.State is ConnectionState.Idle && IsStale(connection))
            Close(connection);
        if (connection.State is ConnectionState.Idle)
            connection.State = ConnectionState.Sending;
        else if (!TryConnect(connection))
            return;
        // On loopback the handshake is over when connect returns: sending at once saves a wake-up. Elsewhere this says
        // EAGAIN.
        Send(connection);
    }

    private static bool IsStale(EpollConnection connection)
    {
        byte one;
        return Libc.Receive(connection.Fd, &one, 1, Libc.MsgPeek | Libc.MsgDontWait) >= 0
            || Libc.LastErrno != Errno.Eagain;
    }

    private bool TryConnect(EpollConnection connection)
    {
        connection.Number = -1;
        connection.SourcePort = 0;
        connection.Requests = 0;
        for (var draw = 0; draw < ClientPorts.MaxDraws && Ports.TryTake(out var port); draw++)
        {
            connection.BoundPort = connection.SourcePort = port;
            var errno = OpenSocket(connection, out var bound);
            if (errno is 0 or Errno.Einprogress)
            {
                connection.State = ConnectionState.Connecting;
                return true;
            }

            // bind says EADDRNOTAVAIL for an address that is not this machine's (no port can help), connect for a
            // 4-tuple that is taken.
            var isTaken = (errno == Errno.Eaddrinuse && !Ports.IsKernel) || (errno == Errno.Eaddrnotavail && bound);
            Close(connection);
            if (!isTaken)
            {
                Finish(connection, Errno.ConnectOutcome(errno), errno);
                return false;
            }
            if (Ports.IsKernel)
                break;
        }
        Finish(connection, Outcome.PortsExhausted, Errno.Eaddrnotavail);
        return false;
    }

    // Returns 0 or an errno; bound tells whether it got as far as connect.
    private int OpenSocket(EpollConnection connection, out bool bound)
    {
        bound = false;
        if (!Ports.TryOpen())
            return Errno.Emfile;
        var address = Addresses[connection.Target];
        connection.Fd = Libc.Socket(address.Family, Libc.SockStreamNonBlockCloExec, 0);
        if (connection.Fd < 0)
        {
            Ports.Closed();
            return Libc.LastErrno;
        }
        if (Source is not null)
        {
            var on = 1;
            // Without it a port in TIME_WAIT towards any destination could not be bound; connect still refuses a
            // 4-tuple in use.
            if (Libc.SetSockOpt(connection.Fd, Libc.SolSocket, Libc.SoReuseAddr, &on, sizeof(int)) != 0)
                return Libc.LastErrno;
            Source.SetPort(connection.BoundPort);
            if (Libc.Bind(connection.Fd, Source.Bytes, Source.Length) != 0)
                return Libc.LastErrno;
        }
        bound = true;
        return Libc.Connect(connection.Fd, address.Bytes, address.Length) == 0 ? 0 : Libc.LastErrno;
    }

    private void Send(EpollConnection connection)
    {
        nint sent;
        fixed (byte* bytes = connection.RequestBytes)
            sent = Libc.Send(
                connection.Fd,
                bytes + connection.Sent,
                connection.RequestLength - connection.Sent,
                Libc.MsgNoSignal
            );
        var errno = sent < 0 ? Libc.LastErrno : 0;
        if (errno == Errno.Eagain)
        {
            Watch(
                connection,
                connection.State is ConnectionState.Connecting ? Libc.EpollOut : Libc.EpollIn | Libc.EpollOut
            );
            return;
        }
        if (connection.State is ConnectionState.Connecting)
        {
            if (errno != 0)
            {
                Finish(connection, Errno.ConnectOutcome(errno), errno);
                return;
            }
            connection.Number = Ports.NextConnection();
            if (Ports.IsKernel)
                connection.SourcePort = SockAddr.LocalPort(connection.Fd);
        }
        connection.Sent += (int)Math.Max(sent, 0);
        connection.SendErrno = errno;
        connection.State =
            errno != 0 || connection.Sent == connection.RequestLength
                ? ConnectionState.Receiving
                : ConnectionState.Sending;
        Watch(connection, connection.State is ConnectionState.Receiving ? Libc.EpollIn : Libc.EpollIn | Libc.EpollOut);
    }

    private void Receive(EpollConnection connection)
    {
        var read = Libc.Receive(connection.Fd, _buffer, ReceiveBytes, 0);
        if (read < 0)
        {
            var errno = Libc.LastErrno;
            if (errno != Errno.Eagain)
                Finish(connection, Errno.ConnectedOutcome(errno), errno);
            return;
        }
        if (!connection.Ends(new ReadOnlySpan<byte>(_buffer, (int)read), out var outcome, out var failure))
            return;
        if (connection.State is ConnectionState.Sending)
            connection.Parser.Abandon();
        Finish(connection, outcome, failure);
    }

    private void Watch(EpollConnection connection, uint events)
    {
        if (connection.Watched == events)
            return;
        if (connection.Watched != 0)
            _epoll.Modify(connection.Fd, events, connection.Key);
        else if (_epoll.Add(connection.Fd, events, connection.Key) is not 0 and var errno)
            // ENOSPC or ENOMEM: the limit of watches (fs.epoll.max_user_watches) is a limit like that of descriptors.
            Finish(connection, Outcome.ConnectError, errno);
        connection.Watched = connection.State is ConnectionState.Closed ? 0 : events;
    }

    private void Close(EpollConnection connection)
    {
        if (connection.Fd >= 0)
        {
            _ = Libc.Close(connection.Fd);
            Ports.Closed();
        }
        connection.Fd = -1;
        connection.Watched = 0;
        connection.Generation++;
        connection.State = ConnectionState.Closed;
        Ports.Release(connection.BoundPort);
        connection.BoundPort = 0;
    }
}
