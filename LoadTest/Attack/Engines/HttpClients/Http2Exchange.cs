using CiliumDebugging.LoadTest.Attack.Engines.Sockets;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.HttpClients;

/// <summary>A slot of the HttpClient engine with HTTP/2: one stream at a time, on a connection that others use as
/// well.</summary>
internal sealed class Http2Exchange(AttackContext context, SharedPorts ports, Http2Connections connections) : IExchange
{
    // A server may end each connection as soon as it has it.
    private const int MaxConnections = 16;

    private readonly AttackPlan _plan = context.Plan;
    private readonly HttpCall _call = new(context);

    public async Task<RequestRecord> ExchangeAsync(long sequence, TimeSpan intendedStart, TimeSpan start)
    {
        var target = _plan.Targets[(int)(sequence % _plan.Targets.Count)];
        var span = context.Tracer?.Begin(target, sequence, start, _call.TraceParentBytes);
        using var timeout = new CancellationTokenSource(_plan.Timeout, context.Clock.Time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.Abort, timeout.Token);
        RequestRecord? record;
        var connection = connections.Take(sequence, ports, null);
        for (var n = 1; (record = await SendAsync(n == MaxConnections)) is null; n++)
        {
            var next = connections.Take(sequence, ports, connection);
            connections.Return(connection);
            connection = next;
        }
        connections.Return(connection);
        if (span is not null)
            context.Tracer!.End(span, record.Value);
        return record.Value;

        async Task<RequestRecord?> SendAsync(bool isLast)
        {
            var answer = new HttpCall.Answer();
            var sourcePort = 0;
            try
            {
                await _call.SendAsync(connection.Client, target, answer, deadline.Token);
            }
            catch (OperationCanceledException)
            {
                answer.Outcome =
                    context.Abort.IsCancellationRequested ? Outcome.Canceled
                    : connection.Current is not null ? Outcome.NoAnswer
                    : Outcome.ConnectTimeout;
            }
            catch (HttpRequestException e) when (e.InnerException is Http2ConnectionEndedException && !isLast)
            {
                return null;
            }
            catch (HttpRequestException e) when (e.InnerException is Http2ConnectException failed)
            {
                (answer.Outcome, answer.Errno, sourcePort) = (failed.Outcome, failed.Errno, failed.SourcePort);
            }
            catch (Exception e) when (HttpCall.IsOfNetwork(e))
            {
                (answer.Outcome, answer.Errno, answer.Fault) = HttpCall.Classify(e, isConnected: true);
            }
            var ended = answer.ToRecord(sequence, intendedStart, start, context.Clock.Elapsed);
            // Another request's attempt may have succeeded since this one's failed.
            if (
                answer.Outcome is not (Outcome.PortsExhausted or Outcome.ConnectRefused or Outcome.ConnectError)
                && answer.Outcome is not Outcome.ConnectTimeout
                && connection.Current is { } established
            )
                return ended with
                {
                    SourcePort = established.SourcePort,
                    Connection = established.Number,
                    RequestOnConnection = connection.CountRequest(),
                };
            return ended with { SourcePort = sourcePort };
        }
    }

    public void Dispose() { }
}
