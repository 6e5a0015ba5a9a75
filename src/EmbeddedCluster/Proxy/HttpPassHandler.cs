using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.EmbeddedCluster.Hubble;
using CiliumDebugging.Releases;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>
/// One request's pass through a node proxy, as cilium-envoy treats it:
/// <list type="number">
/// <item>the path is normalised where the agent's settings say so, and an escaped slash redirected;</item>
/// <item>the HTTP rules of the policy: 403 <c>Access denied</c> when none matches;</item>
/// <item>up to 1 + http-retry-count attempts, repeated on 5xx and connect failures within the cluster's retry budget,
/// POST included;</item>
/// <item>the answer: the backend's, or 503 as Envoy words it. Request and response are counted once each.</item>
/// </list>
/// </summary>
internal sealed class HttpPassHandler(IHttpForwarder forwarder, TimeProvider time, Random random)
{
    private const int MaxReplayedBodyBytes = 1024 * 1024;
    private static readonly TimeSpan s_retryBackOffBase = TimeSpan.FromMilliseconds(25);
    private static readonly ForwarderRequestConfig s_http1 = Config(System.Net.HttpVersion.Version11);
    private static readonly ForwarderRequestConfig s_http2 = Config(System.Net.HttpVersion.Version20);

    private static ForwarderRequestConfig Config(Version version) =>
        new()
        {
            Version = version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            ActivityTimeout = TimeSpan.FromHours(1), // http-request-timeout, Cilium's default 3600 s
        };

    public async Task HandleAsync(HttpContext context)
    {
        var connection = context.Features.Get<ProxiedConnection>()
            ?? throw new InvalidOperationException("a connection without a route reached the node proxy");
        var request = context.Request;
        var pass = connection.Pass(request.Method, request.Protocol);
        var arrived = time.GetTimestamp();
        if (connection.IsReset)
        {
            // With HTTP/2 a request is a stream, and the connection is what is reset.
            context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
            return;
        }
        if (connection.Dropped is { } reason)
        {
            connection.Proxy.Hubble.Drop(reason, connection.Direction);
            await SilenceAsync(context);
            return;
        }
        using var span = ProxyTracing.Start(request, connection);
        var config = connection.Hop.Node!.Config;
        // 1. the path
        var feature = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        if (config.HttpNormalizePath)
        {
            var path = RequestPath.Normalise(feature.RawTarget);
            if (path.IsRedirected)
            {
                connection.Proxy.Hubble.Request(pass, denied: false);
                connection.Proxy.Hubble.Response(
                    pass,
                    StatusCodes.Status307TemporaryRedirect,
                    time.GetElapsedTime(arrived)
                );
                ProxyTracing.End(span, StatusCodes.Status307TemporaryRedirect, attempts: 0, failure: null);
                await ReplyAsync(context, StatusCodes.Status307TemporaryRedirect, "", location: path.Target);
                return;
            }
            feature.RawTarget = path.Target;
        }
        // 2. the HTTP rules
        var target = feature.RawTarget;
        var host = request.Host.Value ?? "";
        if (connection.Rules is { } rules && !rules.Allows(request.Method, target, host, request.Headers))
        {
            connection.Proxy.Hubble.Request(pass, denied: true);
            if (ReleaseChanges.DeniedRequestsAreAnswers.In(config.Version))
                connection.Proxy.Hubble.Response(pass, StatusCodes.Status403Forbidden, time.GetElapsedTime(arrived));
            ProxyTracing.End(span, StatusCodes.Status403Forbidden, attempts: 0, failure: null);
            await ReplyAsync(context, StatusCodes.Status403Forbidden, "Access denied\r\n");
            return;
        }
        connection.Proxy.Hubble.Request(pass, denied: false);
        // 3. the attempts
        var attempt = new RetryingTransformer(connection.Proxy.Hubble, pass, arrived, time) { Span = span };
        var answered = await ForwardWithRetriesAsync(context, connection, attempt);
        if (answered)
            ProxyTracing.End(span, attempt.Status, attempt.Attempts, failure: null);
        else
        {
            // 4. the proxy's own answer
            attempt.CountResponse(StatusCodes.Status503ServiceUnavailable);
            ProxyTracing.End(span, StatusCodes.Status503ServiceUnavailable, attempt.Attempts, attempt.Failure);
            var (body, overloaded) = (
                UpstreamFailureException.Body(attempt.Failure),
                attempt.Failure is UpstreamFailureReason.Overflow
            );
            await ReplyAsync(context, StatusCodes.Status503ServiceUnavailable, body, overloaded);
        }
    }

    /// <returns>False when no attempt got an answer and the proxy has to give its own.</returns>
    private async Task<bool> ForwardWithRetriesAsync(
        HttpContext context,
        ProxiedConnection connection,
        RetryingTransformer attempt
    )
    {
        var (cluster, envoy) = (connection.Proxy.Cluster(connection.Direction), connection.Proxy.Hubble.Envoy);
        var config = connection.Hop.Node!.Config;
        var retries = await BufferBodyAsync(context) ? config.HttpRetryCount : 0;
        for (var n = 0; ; n++)
        {
            (attempt.MayRetry, attempt.Attempts) = (n < retries, n + 1);
            var isRetry = n > 0;
            var error = ForwarderError.None;
            envoy.Attempt(connection.Direction);
            try
            {
                error = await forwarder.SendAsync(
                    context,
                    "http://upstream/",
                    connection.Upstream,
                    // The upstream connection speaks what the client speaks (Envoy: use_downstream_protocol_config).
                    HttpProtocol.IsHttp2(context.Request.Protocol)
                        ? s_http2
                        : s_http1,
                    attempt,
                    context.RequestAborted
                );
            }
            finally
            {
                if (isRetry)
                    cluster.EndRetry();
            }
            var isAnswered = error is ForwarderError.None && !attempt.Withheld;
            if (context.RequestAborted.IsCancellationRequested || isAnswered || context.Response.HasStarted)
                return true;
            if (error is not ForwarderError.None)
                attempt.Failure = UpstreamFailureException.ReasonOf(
                    context.Features.Get<IForwarderErrorFeature>()?.Exception
                );
            // Envoy never retries an overflow (retry_state_impl.cc): that would feed it.
            var overflow = error is not ForwarderError.None && attempt.Failure is UpstreamFailureReason.Overflow;
            if (overflow)
                envoy.Overflow(connection.Direction);
            if (!attempt.MayRetry || overflow || !cluster.TryStartRetry(config.ProxyMaxRetries))
            {
                if (attempt.MayRetry && !overflow)
                    envoy.BudgetSpent(connection.Direction);
                if (!attempt.Withheld)
                    return false;
                // A withheld 5xx and no room for another attempt: the withheld answer is passed on.
                await attempt.ReleaseAsync(context);
                return true;
            }
            envoy.Retry(connection.Direction, afterAnswer: attempt.Withheld);
            Rewind(context);
            await BackOffAsync(n + 1, context.RequestAborted);
        }
    }

    /// <summary>Envoy's back-off: fully jittered, base interval 25 ms, growing to ten times that.</summary>
    private Task BackOffAsync(int retry, CancellationToken cancellationToken)
    {
        var ceiling = s_retryBackOffBase * Math.Min(Math.Pow(2, retry) - 1, 10);
        return Task.Delay(random.NextDouble() * ceiling, time, cancellationToken)
            .ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    /// <summary>
    /// Keeps the request's body for another attempt. False when it is larger than Envoy's per-connection buffer (1
    /// MiB): such a request is not replayed.
    /// </summary>
    private static async Task<bool> BufferBodyAsync(HttpContext context)
    {
        var request = context.Request;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is false)
            return true;
        if (request.ContentLength is null or > MaxReplayedBodyBytes)
            return false;
        var body = new byte[request.ContentLength.Value];
        await request.Body.ReadExactlyAsync(body, context.RequestAborted);
        request.Body = new MemoryStream(body, writable: false);
        return true;
    }

    /// <summary>
    /// A policy has dropped the connection meanwhile: the request never arrived, so it has no answer until the client
    /// gives up.
    /// </summary>
    private async Task SilenceAsync(HttpContext context)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, time, context.RequestAborted)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        context.Abort();
    }

    private static void Rewind(HttpContext context)
    {
        if (context.Request.Body.CanSeek)
            context.Request.Body.Position = 0;
        context.Response.Clear();
        context.Features.Set<IForwarderErrorFeature>(null);
    }

    private static async Task ReplyAsync(
        HttpContext context,
        int status,
        string body,
        bool overloaded = false,
        string? location = null
    )
    {
        context.Response.Clear();
        context.Response.StatusCode = status;
        context.Response.Headers.Server = "envoy";
        if (location is not null)
            context.Response.Headers.Location = location;
        if (overloaded)
            context.Response.Headers[RetryingTransformer.Overloaded] = "true";
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.WriteAsync(body, context.RequestAborted);
    }
}
