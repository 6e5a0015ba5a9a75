using System.Net;
using System.Net.Sockets;

namespace CiliumDebugging.LoadTest.Attack;

/// <summary>A connection slot of the portable engine; reused, one exchange at a time.</summary>
internal sealed class SocketConnection(AttackContext context, SharedPorts ports) : IDisposable
{
    private readonly AttackPlan _plan = context.Plan;
    private readonly byte[] _buffer = new byte[4096];
    private readonly ResponseParser _parser = new(context.Plan.Responder, context.Names, context.Plan.Limits);
    private Socket? _socket;
    private int _boundPort;
    private int _sourcePort;
    private long _number = -1;
    private int _requests;

    /// <summary>Sends one request and reads its response; never throws for what the network or the peer does.</summary>
    public async Task<RequestRecord> ExchangeAsync(long sequence, TimeSpan intendedStart, TimeSpan start)
    {
        var target = (int)(sequence % _plan.Targets.Count);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.Abort);
        deadline.CancelAfter(_plan.Timeout);
        _parser.Reset(_plan.Targets[target].Method == "HEAD");
        DropIfStale();
        var connecting = _socket is null;
        if (connecting)
            (_sourcePort, _number, _requests) = (0, -1, 0);
        var (outcome, errno) = (Outcome.Response, 0);
        try
        {
            if (connecting)
                (outcome, errno) = await ConnectAsync(_plan.Targets[target].EndPoint, deadline.Token);
            connecting = outcome is not Outcome.Response;
            if (!connecting)
                outcome = await TransferAsync(context.Requests[target], deadline.Token);
        }
        catch (OperationCanceledException)
        {
            outcome = context.Abort.IsCancellationRequested ? Outcome.Canceled : connecting ? Outcome.ConnectTimeout : Outcome.NoAnswer;
        }
        catch (SocketException e)
        {
            errno = Errno.FromSocketException(e);
            outcome = connecting ? Errno.ConnectOutcome(errno) : Errno.ConnectedOutcome(errno);
        }

        var record = new RequestRecord(sequence, intendedStart, start, context.Clock.Elapsed, _sourcePort, _number, _requests, outcome,
            _parser.Status, _parser.Pod, _parser.Node, _parser.BytesConsumed, errno, _parser.Fault);
        _requests++;
        if (outcome is not Outcome.Response || _plan.KeepAliveConnections == 0 || !_parser.CanReuseConnection)
            Dispose();
        return record;
    }

    /// <summary>Closes the connection, if there is one, and gives its port back.</summary>
    public void Dispose()
    {
        _socket?.Dispose();
        _socket = null;
        ports.Release(_boundPort);
        _boundPort = 0;
    }

    // An idle connection that has become readable was closed by the peer (or says what nobody asked for).
    private void DropIfStale()
    {
        if (_socket is not null && _socket.Poll(0, SelectMode.SelectRead))
            Dispose();
    }

    private async Task<(Outcome Outcome, int Errno)> ConnectAsync(IPEndPoint endPoint, CancellationToken deadline)
    {
        var any = endPoint.AddressFamily is AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        for (var draw = 0; draw < ClientPorts.MaxDraws && ports.TryTake(out _boundPort); draw++)
        {
            try
            {
                _socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                if (_boundPort != 0)
                {
                    _sourcePort = _boundPort;
                    _socket.Bind(new IPEndPoint(_plan.SourceAddress ?? any, _boundPort));
                }

                await _socket.ConnectAsync(endPoint, deadline);
                _number = ports.NextConnection();
                _sourcePort = ((IPEndPoint)_socket.LocalEndPoint!).Port;
                return (Outcome.Response, 0);
            }
            catch (SocketException e) when (_boundPort != 0 && CanRetry(Errno.FromSocketException(e)))
            {
                Dispose();
            }
            catch (SocketException e) when (Errno.FromSocketException(e) is Errno.Eaddrnotavail && ports.IsKernel)
            {
                return (Outcome.PortsExhausted, Errno.Eaddrnotavail);
            }
        }

        return (Outcome.PortsExhausted, Errno.Eaddrnotavail);
    }

    // bind says EADDRNOTAVAIL for an address that is not this machine's (no port can help), connect for a 4-tuple that is taken.
    private bool CanRetry(int errno) => errno == Errno.Eaddrinuse || (errno == Errno.Eaddrnotavail && _socket is { IsBound: true });

    private async Task<Outcome> TransferAsync(byte[] request, CancellationToken deadline)
    {
        // A peer may answer and close before it has read everything; what it answered counts, so a failed send is followed by a read.
        SocketException? sendFailure = null;
        try
        {
            for (var sent = 0; sent < request.Length;)
                sent += await _socket!.SendAsync(request.AsMemory(sent), SocketFlags.None, deadline);
        }
        catch (SocketException e)
        {
            sendFailure = e;
        }

        while (true)
        {
            var read = await _socket!.ReceiveAsync(_buffer, SocketFlags.None, deadline);
            var state = read > 0 ? _parser.Feed(_buffer.AsSpan(0, read), out _) : _parser.EndOfStream();
            if (state is ParseState.Complete)
                return Outcome.Response;
            if (state is ParseState.Malformed)
                return Outcome.Malformed;
            if (read == 0)
                return sendFailure is null ? Outcome.ClosedEarly : throw sendFailure;
        }
    }
}
