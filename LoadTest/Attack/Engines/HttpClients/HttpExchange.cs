using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Engines.Sockets;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.HttpClients;

/// <summary>A slot of the HttpClient engine: a handler with at most one connection.</summary>
internal sealed class HttpExchange(AttackContext context, SharedPorts ports) : IExchange
{
    private const int Eproto = 71;

    private readonly AttackPlan _plan = context.Plan;
    private readonly byte[] _traceParent = new byte[TraceParent.Length];
    private readonly PortBinding _binding = new(context.Plan, ports);
    private readonly byte[] _body = new byte[context.Plan.Limits.MaxKeptBodyBytes];
    private HttpMessageInvoker? _client;
    private IPEndPoint? _endPoint;
    private bool _portsExhausted;
    private bool _isConnected;
    private int _requests,
        _connects;

    public async Task<RequestRecord> ExchangeAsync(long sequence, TimeSpan intendedStart, TimeSpan start)
    {
        var target = _plan.Targets[(int)(sequence % _plan.Targets.Count)];
        var span = context.Tracer?.Begin(target, sequence, start, _traceParent);
        using var timeout = new CancellationTokenSource(_plan.Timeout, context.Clock.Time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.Abort, timeout.Token);
        _endPoint = target.EndPoint;
        _client ??= CreateClient();
        _connects = 0;
        var answer = default(Answer);
        var (outcome, errno, fault) = (Outcome.Response, 0, ResponseFault.None);
        try
        {
            using var request = CreateRequest(target);
            using var response = await _client.SendAsync(request, deadline.Token);
            answer.Status = (int)response.StatusCode;
            answer = await ReadAsync(response, answer, deadline.Token);
            fault = answer.Bytes > _plan.Limits.MaxBodyBytes ? ResponseFault.BodyTooLarge : ResponseFault.None;
            outcome = fault is ResponseFault.None ? Outcome.Response : Outcome.Malformed;
        }
        catch (OperationCanceledException)
        {
            outcome =
                context.Abort.IsCancellationRequested ? Outcome.Canceled
                : _isConnected ? Outcome.NoAnswer
                : Outcome.ConnectTimeout;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            (outcome, errno, fault) = Classify(e);
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
            Status = answer.Status,
            Pod = answer.Pod,
            Node = answer.Node,
            BytesReceived = answer.Bytes,
            Errno = errno,
            Fault = fault,
        };
        if (span is not null)
            context.Tracer!.End(span, record);
        _requests++;
        if (outcome is not Outcome.Response || _plan.KeepAliveConnections == 0)
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

    private HttpMessageInvoker CreateClient()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            MaxConnectionsPerServer = 1,
            ActivityHeadersPropagator = null,
            // As the other engines send it; else the handler refuses what is not ASCII before it sends anything.
            RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
            MaxResponseHeadersLength = _plan.Limits.MaxHeadBytes / 1024,
            ConnectCallback = async (_, cancellation) =>
                new NetworkStream(await ConnectAsync(cancellation), ownsSocket: true),
        };
        if (!_plan.VerifyCertificates)
        {
#pragma warning disable CA5359 // An option, for servers with self-signed certificates; the load holds no secrets.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        return new HttpMessageInvoker(handler);
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellation)
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

    private HttpRequestMessage CreateRequest(AttackTarget target)
    {
        var request = new HttpRequestMessage(
            new HttpMethod(target.Method),
            $"{(target.IsTls ? "https" : "http")}://{target.Host}{target.Path}"
        )
        {
            Version = target.IsTls ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (!target.Body.IsEmpty || target.Method is "POST" or "PUT" or "PATCH")
            request.Content = new ReadOnlyMemoryContent(target.Body);
        foreach (var (name, value) in target.Headers)
        {
            // A header about the content, which goes nowhere without one.
            if (!request.Headers.TryAddWithoutValidation(name, value))
                (request.Content ??= new ReadOnlyMemoryContent(default)).Headers.TryAddWithoutValidation(name, value);
        }
        if (context.Tracer is not null && !request.Headers.Contains("traceparent"))
            request.Headers.TryAddWithoutValidation("traceparent", Encoding.ASCII.GetString(_traceParent));
        request.Headers.ConnectionClose = _plan.KeepAliveConnections == 0;
        return request;
    }

    private async Task<Answer> ReadAsync(HttpResponseMessage response, Answer answer, CancellationToken deadline)
    {
        answer.Pod = Header(response.Headers, _plan.Responder.PodHeader);
        answer.Node = Header(response.Headers, _plan.Responder.NodeHeader);
        await using var stream = await response.Content.ReadAsStreamAsync(deadline);
        var kept = 0;
        var scratch = _body;
        while (answer.Bytes <= _plan.Limits.MaxBodyBytes)
        {
            // Once the kept part is full, the rest is read over its last bytes.
            var at = kept < scratch.Length ? kept : scratch.Length / 2;
            var read = await stream.ReadAsync(scratch.AsMemory(at), deadline);
            if (read == 0)
                break;
            kept = Math.Max(kept, at + read);
            answer.Bytes += read;
        }
        if (answer.Pod is null && _plan.Responder.ReadsBody && kept > 0)
            _plan.Responder.ReadBody(_body.AsSpan(0, kept), context.Names, ref answer.Pod, ref answer.Node);
        return answer;
    }

    private string? Header(HttpResponseHeaders headers, byte[] name) =>
        name.Length > 0 && headers.TryGetValues(Encoding.ASCII.GetString(name), out var values)
            ? context.Names.Get(Encoding.Latin1.GetBytes(values.First()))
            : null;

    private (Outcome Outcome, int Errno, ResponseFault Fault) Classify(Exception exception)
    {
        if (_portsExhausted)
            return (Outcome.PortsExhausted, Errno.Eaddrnotavail, ResponseFault.None);
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket && Errno.FromSocketException(socket) is var errno)
                return (
                    _isConnected ? Errno.ConnectedOutcome(errno) : Errno.ConnectOutcome(errno),
                    errno,
                    ResponseFault.None
                );
        }
        var error = (exception as HttpRequestException)?.HttpRequestError
            ?? (exception as HttpIOException)?.HttpRequestError;
        return error switch
        {
            HttpRequestError.SecureConnectionError => (Outcome.ConnectError, Eproto, ResponseFault.None),
            HttpRequestError.ConfigurationLimitExceeded => (Outcome.Malformed, 0, ResponseFault.HeadersTooLarge),
            // Status line, headers or chunks: HttpClient does not say which.
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError => (
                Outcome.Malformed,
                0,
                ResponseFault.None
            ),
            _ => (Outcome.ClosedEarly, 0, ResponseFault.None),
        };
    }

    private struct Answer
    {
        public int Status;
        public string? Pod;
        public string? Node;
        public long Bytes;
    }
}
