using System.Collections.Concurrent;
using System.Diagnostics;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>
/// One span for each pass of a request through a node proxy, child of the client's or of the proxy before it (W3C trace
/// context). Each node has a source of its own, because its proxy is a resource of its own (<see
/// cref="ClusterTelemetry"/>). Without a listener (no OTLP endpoint) nothing is made, and the context is passed on as
/// it came.
/// </summary>
internal static class ProxyTracing
{
    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";

    /// <summary>What YARP leaves out, because it counts on the HTTP client to make its own.</summary>
    private static readonly string[] s_context = [TraceParent, TraceState, "baggage"];

    /// <summary>Never disposed: clusters of one process share them by node name.</summary>
    private static readonly ConcurrentDictionary<string, ActivitySource> s_sources = new(StringComparer.Ordinal);

    public static string SourceName(string node) => $"NodeProxy/{node}";

    public static ActivitySource Source(string node) =>
        s_sources.GetOrAdd(node, static n => new ActivitySource(SourceName(n)));

    /// <summary>
    /// Begins the span of a pass; null without a listener, or when the request is not sampled or not worth a span.
    /// </summary>
    public static Activity? Start(HttpRequest request, ProxiedConnection connection)
    {
        var source = connection.Proxy.Spans;
        if (!source.HasListeners() || !SpanNames.IsTraced(request.Path))
            return null;
        var headers = request.Headers;
        _ = ActivityContext.TryParse(headers[TraceParent], headers[TraceState], isRemote: true, out var parent);
        var name = $"{connection.Direction} proxy {SpanNames.Of(request.Method, request.Host.Value ?? "")}";
        var span = source.StartActivity(name, ActivityKind.Server, parent);
        if (span is { IsAllDataRequested: true })
            span.SetTag("k8s.node.name", connection.Proxy.Node)
                .SetTag("cilium.direction", connection.Direction)
                .SetTag("http.request.method", request.Method)
                .SetTag("url.path", request.Path.Value)
                .SetTag("source.pod", connection.SourceName)
                .SetTag("k8s.pod.name", connection.DestinationName.Split('/')[^1])
                .SetTag("destination.pod", connection.DestinationName);
        return span;
    }

    /// <summary>Gives a request of an attempt the context: the span's as its parent, or the one that came.</summary>
    public static void Forward(HttpContext downstream, HttpRequestMessage upstream, Activity? span)
    {
        foreach (var name in s_context)
        {
            if (
                downstream.Request.Headers.TryGetValue(name, out var value)
                && !upstream.Headers.NonValidated.Contains(name)
            )
                upstream.Headers.TryAddWithoutValidation(name, (string?)value);
        }
        if (span?.Id is not { } id)
            return;
        upstream.Headers.Remove(TraceParent);
        upstream.Headers.TryAddWithoutValidation(TraceParent, id);
    }

    public static void End(Activity? span, int status, int attempts, UpstreamFailureReason? failure)
    {
        if (span is not { IsAllDataRequested: true })
            return;
        if (status == 0)
        {
            span.SetTag("error.type", "aborted by the client").SetStatus(ActivityStatusCode.Error);
            return;
        }
        span.SetTag("http.response.status_code", status);
        if (attempts > 1)
            span.SetTag("http.request.resend_count", attempts - 1);
        if (status < 500)
            return;
        span.SetTag("error.type", failure is { } reason ? UpstreamFailureException.Body(reason) : $"{status}")
            .SetStatus(ActivityStatusCode.Error);
    }
}
