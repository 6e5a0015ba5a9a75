using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Engines.Sockets;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.HttpClients;

/// <summary>A slot of the HttpClient engine: a handler with at most one connection, which carries one request at a
/// time.</summary>
internal sealed class HttpExchange(AttackContext context, SharedPorts ports) : IExchange
{
    private readonly AttackPlan _plan = context.Plan;
    private readonly HttpCall _call = new(context);
    private readonly PortBinding _binding = new(context.Plan, ports);
    private HttpMessageInvoker? _client;
    private IPEndPoint? _endPoint;
    private bool _portsExhausted;
    private bool _isConnected;
    private int _requests,
        _connects;

    public async Task<RequestRecord> ExchangeAsync(long sequence, TimeSpan intendedStart, TimeSpan start)
    {
        var target = _plan.Targets[(int)(sequence % _plan.Targets.Count)];
        var span = context.Tracer?.Begin(target, sequence, start, _call.TraceParentBytes);
        using var timeout = new CancellationTokenSource(_plan.Timeout, context.Clock.Time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.Abort, timeout.Token);
        _endPoint = target.EndPoint;
        _client ??= new HttpMessageInvoker(HttpCall.CreateHandler(_plan, ConnectAsync));
        _connects = 0;
        var answer = new HttpCall.Answer();
        try
        {
            await _call.SendAsync(_client, target, answer, deadline.Token);
        }
        catch (OperationCanceledException)
        {
            answer.Outcome =
                context.Abort.IsCancellationRequested ? Outcome.Canceled
                : _isConnected ? Outcome.NoAnswer
                : Outcome.ConnectTimeout;
        }
        catch (Exception e) when (HttpCall.IsOfNetwork(e))
        {
            (answer.Outcome, answer.Errno, answer.Fault) = _portsExhausted
                ? (Outcome.PortsExhausted, Errno.Eaddrnotavail, ResponseFault.None)
                : HttpCall.Classify(e, _isConnected);
        }
        var record = answer.ToRecord(sequence, intendedStart, start, context.Clock.Elapsed) with
        {
            SourcePort = _binding.SourcePort,
            Connection = _binding.Number,
            RequestOnConnection = _requests,
        };
        if (span is not null)
            context.Tracer!.End(span, record);
        _requests++;
        if (answer.Outcome is not Outcome.Response || _plan.KeepAliveConnections == 0)
            Dispose();
        return record;
    }

    public void Dispose()
    {
        _client?.Dispose();
        _client = null;
        _isConnected = false;
        _binding.Release();
    }

    private async ValueTask<Socket> ConnectAsync(CancellationToken cancellation)
    {
        // The handler sends a request that got no answer again, on up to three more connections; a server would get
        // more requests than are counted.
        if (++_connects > 1)
            throw new IOException("the connection was closed before an answer; the request is not sent again");
        // The handler reconnects a kept-alive connection that the server closed; the old port is free then.
        _binding.Release();
        (_portsExhausted, _isConnected, _requests) = (false, false, 0);
        var socket = await _binding.ConnectAsync(_endPoint!, cancellation);
        _portsExhausted = socket is null;
        _isConnected = socket is not null;
        return socket ?? throw new SocketException((int)SocketError.AddressNotAvailable);
    }
}
