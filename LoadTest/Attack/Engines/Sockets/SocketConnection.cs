using System.Net.Sockets;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.Sockets;

/// <summary>A connection slot of the portable engine; reused, one exchange at a time.</summary>
internal sealed class SocketConnection(AttackContext context, SharedPorts ports) : IExchange
{
    private readonly AttackPlan _plan = context.Plan;
    private readonly byte[] _buffer = new byte[4096];
    private readonly ResponseParser _parser = new(context.Plan.Responder, context.Names, context.Plan.Limits);
    private readonly PortBinding _binding = new(context.Plan, ports);
    private TracedRequest _request;
    private Socket? _socket;
    private int _requests;

    public async Task<RequestRecord> ExchangeAsync(long sequence, TimeSpan intendedStart, TimeSpan start)
    {
        var target = (int)(sequence % _plan.Targets.Count);
        using var timeout = new CancellationTokenSource(_plan.Timeout, context.Clock.Time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.Abort, timeout.Token);
        _parser.Reset(_plan.Targets[target].Method == "HEAD");
        _request.Begin(context, target, sequence, start);
        DropIfStale();
        var connecting = _socket is null;
        if (connecting)
            _requests = 0;
        var (outcome, errno) = (Outcome.Response, 0);
        try
        {
            if (connecting)
                _socket = await _binding.ConnectAsync(_plan.Targets[target].EndPoint, deadline.Token);
            connecting = false;
            (outcome, errno) = _socket is null
                ? (Outcome.PortsExhausted, Errno.Eaddrnotavail)
                : (await TransferAsync(_request.Bytes.AsMemory(0, _request.Length), deadline.Token), 0);
        }
        catch (OperationCanceledException)
        {
            outcome =
                context.Abort.IsCancellationRequested ? Outcome.Canceled
                : connecting ? Outcome.ConnectTimeout
                : Outcome.NoAnswer;
        }
        catch (SocketException e)
        {
            errno = Errno.FromSocketException(e);
            outcome = connecting ? Errno.ConnectOutcome(errno) : Errno.ConnectedOutcome(errno);
        }
        var record = new RequestRecord
        {
            Sequence = sequence,
            IntendedStart = intendedStart,
            Start = start,
            End = context.Clock.Elapsed,
            SourcePort = _binding.SourcePort,
            Connection = _binding.Number,
            RequestOnConnection = _requests,
            Outcome = outcome,
            Status = _parser.Status,
            Pod = _parser.Pod,
            Node = _parser.Node,
            BytesReceived = _parser.BytesConsumed,
            Errno = errno,
            Fault = _parser.Fault,
        };
        _request.End(context, record);
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
        _binding.Release();
    }

    // An idle connection that has become readable was closed by the peer, or holds unrequested data.
    private void DropIfStale()
    {
        if (_socket is not null && _socket.Poll(0, SelectMode.SelectRead))
            Dispose();
    }

    private async Task<Outcome> TransferAsync(ReadOnlyMemory<byte> request, CancellationToken deadline)
    {
        // A peer may answer before it has read everything: reading begins at once, and what it answers counts even if
        // the send fails.
        var sending = SendAsync(request, deadline);
        try
        {
            while (true)
            {
                var read = await _socket!.ReceiveAsync(_buffer, SocketFlags.None, deadline);
                var state = read > 0 ? _parser.Feed(_buffer.AsSpan(0, read), out _) : _parser.EndOfStream();
                if (state is ParseState.Complete)
                    return Outcome.Response;
                if (state is ParseState.Malformed)
                    return Outcome.Malformed;
                if (read == 0)
                    return await sending is { } failure ? throw failure : Outcome.ClosedEarly;
            }
        }
        finally
        {
            if (!sending.IsCompleted)
            {
                // Half a request was sent: the connection is of no further use, and closing it ends the send.
                _parser.Abandon();
                _socket!.Dispose();
                await sending;
            }
        }
    }

    private async Task<SocketException?> SendAsync(ReadOnlyMemory<byte> request, CancellationToken deadline)
    {
        try
        {
            for (var sent = 0; sent < request.Length; )
                sent += await _socket!.SendAsync(request[sent..], SocketFlags.None, deadline);
            return null;
        }
        catch (SocketException e)
        {
            return e;
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The reading side tells what happened.
            return null;
        }
    }
}
