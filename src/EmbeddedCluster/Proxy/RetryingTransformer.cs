using System.Diagnostics;
using CiliumDebugging.EmbeddedCluster.Hubble;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>
/// Transforms one pass's attempts: keeps the Host header, withholds a 5xx while another attempt is allowed, and counts
/// the response that is passed on.
/// </summary>
internal sealed class RetryingTransformer(HubbleMetrics hubble, HttpPass pass, long arrived, TimeProvider time)
    : HttpTransformer
{
    /// <summary>Envoy's header on an answer it gave because of an overflow; no Envoy repeats such a request.</summary>
    public const string Overloaded = "x-envoy-overloaded";

    private const int MaxWithheldBytes = 64 * 1024;
    private byte[]? _withheldBody;
    private int _withheldStatus;
    private string? _withheldContentType;

    /// <summary>The pass's span; null without a listener.</summary>
    public Activity? Span { get; init; }

    public int Attempts { get; set; }

    /// <summary>Status of the answer that was passed on; 0 before there is one.</summary>
    public int Status { get; private set; }

    /// <summary>Whether another attempt follows a failed one, as far as the number of attempts goes.</summary>
    public bool MayRetry { get; set; }

    /// <summary>Whether the last attempt's answer was a 5xx that the client has not seen.</summary>
    public bool Withheld => _withheldBody is not null;

    /// <summary>Why the last attempt failed, when it got no answer.</summary>
    public UpstreamFailureReason Failure { get; set; }

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext,
        HttpRequestMessage proxyRequest,
        string destinationPrefix,
        CancellationToken cancellationToken
    )
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.Headers.Host = httpContext.Request.Host.Value;
        // The request target byte for byte, as Envoy passes it: YARP would rebuild it from the decoded path.
        var target = httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target.StartsWith('/'))
            proxyRequest.RequestUri = new Uri(
                "http://upstream" + target,
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }
            );
        ProxyTracing.Forward(httpContext, proxyRequest, Span);
        proxyRequest.Options.Set(UpstreamFailureException.WaitingSince, time.GetTimestamp());
        _withheldBody = null;
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext,
        HttpResponseMessage? proxyResponse,
        CancellationToken cancellationToken
    )
    {
        if (proxyResponse is null)
            return false; // no answer: the handler decides
        var status = (int)proxyResponse.StatusCode;
        var content = proxyResponse.Content;
        var isRepeated = status >= 500 && MayRetry && !proxyResponse.Headers.Contains(Overloaded);
        if (isRepeated && content.Headers.ContentLength is <= MaxWithheldBytes)
        {
            _withheldBody = await content.ReadAsByteArrayAsync(cancellationToken);
            (_withheldStatus, _withheldContentType) = (status, content.Headers.ContentType?.ToString());
            return false;
        }
        CountResponse(status);
        await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        return true;
    }

    public void CountResponse(int status)
    {
        Status = status;
        hubble.Response(pass, status, time.GetElapsedTime(arrived));
    }

    /// <summary>Gives the client the answer that was withheld.</summary>
    public async Task ReleaseAsync(HttpContext context)
    {
        CountResponse(_withheldStatus);
        context.Response.StatusCode = _withheldStatus;
        context.Response.ContentType = _withheldContentType;
        context.Response.ContentLength = _withheldBody!.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(_withheldBody, context.RequestAborted);
    }
}
