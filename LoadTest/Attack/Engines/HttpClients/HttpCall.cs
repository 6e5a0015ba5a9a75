using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.HttpClients;

/// <summary>What HttpClient is given to send, and what it read: the part of an exchange that does not depend on whose
/// connection it is. One call at a time; its buffers are used again.</summary>
internal sealed class HttpCall(AttackContext context)
{
    private const int Eproto = 71;

    private readonly AttackPlan _plan = context.Plan;
    private readonly byte[] _body = new byte[context.Plan.Limits.MaxKeptBodyBytes];

    /// <summary>Where the tracer writes the request's traceparent.</summary>
    public byte[] TraceParentBytes { get; } = new byte[TraceParent.Length];

    /// <summary>A handler without a mind of its own: it follows no redirect, keeps no cookie and uses no
    /// proxy.</summary>
    /// <param name="plan">The attack's plan.</param>
    /// <param name="connect">Opens its connections.</param>
    public static SocketsHttpHandler CreateHandler(AttackPlan plan, Func<CancellationToken, ValueTask<Socket>> connect)
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
            MaxResponseHeadersLength = plan.Limits.MaxHeadBytes / 1024,
            ConnectCallback = async (_, cancellation) =>
                new NetworkStream(await connect(cancellation), ownsSocket: true),
        };
        if (!plan.VerifyCertificates)
        {
#pragma warning disable CA5359 // An option, for servers with self-signed certificates; the load holds no secrets.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        return handler;
    }

    /// <summary>Sends a target's request and reads the answer.</summary>
    /// <param name="client">Whose connection is used.</param>
    /// <param name="target">What is sent.</param>
    /// <param name="answer">What has come of the answer, also when this throws.</param>
    /// <param name="deadline">Ends it.</param>
    /// <exception cref="OperationCanceledException">The deadline.</exception>
    /// <exception cref="Exception">Those of <see cref="IsOfNetwork"/>.</exception>
    public async Task SendAsync(
        HttpMessageInvoker client,
        AttackTarget target,
        Answer answer,
        CancellationToken deadline
    )
    {
        using var request = CreateRequest(target);
        using var response = await client.SendAsync(request, deadline);
        answer.Status = (int)response.StatusCode;
        await ReadAsync(response, answer, deadline);
        if (answer.Bytes > _plan.Limits.MaxBodyBytes)
            (answer.Outcome, answer.Fault) = (Outcome.Malformed, ResponseFault.BodyTooLarge);
    }

    /// <summary>Whether an exception says what the network or the server did.</summary>
    public static bool IsOfNetwork(Exception e) => e is HttpRequestException or IOException or SocketException;

    /// <summary>The bucket of an exception of a request on an established connection, or of an attempt to establish
    /// one.</summary>
    public static (Outcome Outcome, int Errno, ResponseFault Fault) Classify(Exception exception, bool isConnected)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket && Errno.FromSocketException(socket) is var errno)
                return (
                    isConnected ? Errno.ConnectedOutcome(errno) : Errno.ConnectOutcome(errno),
                    errno,
                    ResponseFault.None
                );
        }
        var error = (exception as HttpRequestException)?.HttpRequestError
            ?? (exception as HttpIOException)?.HttpRequestError;
        return error switch
        {
            HttpRequestError.SecureConnectionError or HttpRequestError.VersionNegotiationError => (
                Outcome.ConnectError,
                Eproto,
                ResponseFault.None
            ),
            HttpRequestError.ConfigurationLimitExceeded => (Outcome.Malformed, 0, ResponseFault.HeadersTooLarge),
            HttpRequestError.HttpProtocolError when IsReset(exception) => (Outcome.Reset, 0, ResponseFault.None),
            // Status line, headers or chunks: HttpClient does not say which.
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError => (
                Outcome.Malformed,
                0,
                ResponseFault.None
            ),
            _ => (Outcome.ClosedEarly, 0, ResponseFault.None),
        };
    }

    /// <summary>Whether an HTTP/2 server gave up the stream or the connection (RST_STREAM, GOAWAY), rather than HTTP/2
    /// itself failed between the two (RFC 9113, section 7).</summary>
    private static bool IsReset(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is HttpProtocolException { ErrorCode: var code })
                // No error, internal error, refused stream, cancel, enhance your calm.
                return code is 0 or 2 or 7 or 8 or 11;
        }
        return false;
    }

    private HttpRequestMessage CreateRequest(AttackTarget target)
    {
        var request = new HttpRequestMessage(
            new HttpMethod(target.Method),
            $"{(target.IsTls ? "https" : "http")}://{target.Host}{target.Path}"
        )
        {
            Version = target.IsTls || _plan.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = _plan.Http2
                ? HttpVersionPolicy.RequestVersionExact
                : HttpVersionPolicy.RequestVersionOrLower,
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
            request.Headers.TryAddWithoutValidation("traceparent", Encoding.ASCII.GetString(TraceParentBytes));
        if (!_plan.Http2)
            request.Headers.ConnectionClose = _plan.KeepAliveConnections == 0;
        return request;
    }

    private async Task ReadAsync(HttpResponseMessage response, Answer answer, CancellationToken deadline)
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
    }

    private string? Header(HttpResponseHeaders headers, byte[] name) =>
        name.Length > 0 && headers.TryGetValues(Encoding.ASCII.GetString(name), out var values)
            ? context.Names.Get(Encoding.Latin1.GetBytes(values.First()))
            : null;

    /// <summary>What has come of an answer.</summary>
    internal sealed class Answer
    {
        public Outcome Outcome = Outcome.Response;
        public int Errno;
        public ResponseFault Fault;
        public int Status;
        public string? Pod;
        public string? Node;
        public long Bytes;

        /// <summary>The record of its request, without a connection.</summary>
        public RequestRecord ToRecord(long sequence, TimeSpan intendedStart, TimeSpan start, TimeSpan end) =>
            new()
            {
                Sequence = sequence,
                IntendedStart = intendedStart,
                Start = start,
                End = end,
                Connection = -1,
                Outcome = Outcome,
                Status = Status,
                Pod = Pod,
                Node = Node,
                BytesReceived = Bytes,
                Errno = Errno,
                Fault = Fault,
            };
    }
}
