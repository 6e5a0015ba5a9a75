using System.Diagnostics;

namespace CiliumDebugging.ClusterSetup.Embedded.Proxy;

/// <summary>
/// One span for each pass of a request through a node proxy, child of the client's or of the proxy before it (W3C trace context). Without a listener (no OTLP endpoint) nothing is made, and the
/// context is passed on as it came.
/// </summary>
internal static class ProxyTracing
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "NodeProxy";

    private const string TraceParent = "traceparent", TraceState = "tracestate";

    /// <summary>What YARP leaves out, because it counts on the HTTP client to make its own.</summary>
    private static readonly string[] s_context = [TraceParent, TraceState, "baggage"];

    private static readonly ActivitySource s_source = new(SourceName);

    /// <summary>Begins the span of a pass; null when nobody listens or the request is not sampled.</summary>
    public static Activity? Start(HttpRequest request, ProxiedConnection connection)
    {
        if (!s_source.HasListeners()) return null;
        var parent = ActivityContext.TryParse(request.Headers[TraceParent], request.Headers[TraceState], isRemote: true, out var context) ? context : default;
        var span = s_source.StartActivity($"{connection.Direction} proxy {connection.Proxy.Node}", ActivityKind.Server, parent);
        if (span is { IsAllDataRequested: true })
            span.SetTag("k8s.node.name", connection.Proxy.Node).SetTag("cilium.direction", connection.Direction).SetTag("http.request.method", request.Method).SetTag("url.path", request.Path.Value)
                .SetTag("source.pod", connection.SourceName).SetTag("k8s.pod.name", connection.DestinationName[(connection.DestinationName.IndexOf('/', StringComparison.Ordinal) + 1)..])
                .SetTag("destination.pod", connection.DestinationName);
        return span;
    }

    /// <summary>Gives a request of an attempt the context: the span's as its parent, or the one that came.</summary>
    public static void Forward(HttpContext downstream, HttpRequestMessage upstream, Activity? span)
    {
        foreach (var name in s_context)
        {
            if (!downstream.Request.Headers.TryGetValue(name, out var value) || upstream.Headers.NonValidated.Contains(name)) continue;
            upstream.Headers.TryAddWithoutValidation(name, (string?)value);
        }
        if (span?.Id is not { } id) return;
        upstream.Headers.Remove(TraceParent);
        upstream.Headers.TryAddWithoutValidation(TraceParent, id);
    }

    /// <summary>Says how the pass ended.</summary>
    public static void End(Activity? span, int status, int attempts, UpstreamFailureReason? failure)
    {
        if (span is not { IsAllDataRequested: true }) return;
        if (status == 0)
        {
            span.SetTag("error.type", "aborted by the client").SetStatus(ActivityStatusCode.Error);
            return;
        }
        span.SetTag("http.response.status_code", status);
        if (attempts > 1) span.SetTag("http.request.resend_count", attempts - 1);
        if (status < 500) return;
        span.SetTag("error.type", failure is { } reason ? UpstreamFailureException.Body(reason) : $"{status}").SetStatus(ActivityStatusCode.Error);
    }
}
