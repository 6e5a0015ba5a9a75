using System.Globalization;
using System.Text;

namespace CiliumDebugging.EmbeddedCluster.Hubble;

/// <summary>One pass of an HTTP request through a node proxy.</summary>
/// <param name="Source">The client, as <c>namespace/pod</c> (or a reserved identity such as <c>host</c>).</param>
/// <param name="Destination">The chosen backend, as <c>namespace/pod</c>.</param>
/// <param name="Direction">Which side's policy sent the request here: <c>egress</c> or <c>ingress</c>.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Protocol">HTTP protocol, for example <c>HTTP/1.1</c>.</param>
public readonly record struct HttpPass(
    string Source,
    string Destination,
    string Direction,
    string Method,
    string Protocol
);

/// <summary>
/// The Hubble metrics of one node as Cilium 1.9 serves them with <c>drop, flow,
/// http:sourceContext=pod;destinationContext=pod</c>. Every proxy pass counts its own request and its own response, so
/// a request that crosses two proxies counts twice. Source and destination are swapped on responses; a denied request
/// has no response. The flow counter carries <c>traffic_direction</c> too (labelsContext of later versions). A registry
/// of its own instead of process-wide meters: all nodes are in one process.
/// </summary>
public sealed class HubbleMetrics
{
    private readonly CounterFamily<(string Source, string Destination, string Method, string Protocol)> _requests = new(
        "hubble_http_requests_total",
        "Count of HTTP requests",
        ["destination", "method", "protocol", "source"],
        l => [l.Destination, l.Method, l.Protocol, l.Source]
    );

    private readonly CounterFamily<(string Source, string Destination, int Status, string Method)> _responses = new(
        "hubble_http_responses_total",
        "Count of HTTP responses",
        ["destination", "method", "source", "status"],
        l => [l.Destination, l.Method, l.Source, l.Status.ToString(CultureInfo.InvariantCulture)]
    );

    private readonly CounterFamily<Flow> _flows = new(
        "hubble_flows_processed_total",
        "Total number of flows processed",
        ["protocol", "subtype", "traffic_direction", "type", "verdict"],
        f => [f.Protocol, f.Subtype, f.Direction, f.Type, f.Verdict]
    );

    private readonly CounterFamily<(string Reason, string Protocol)> _drops = new(
        "hubble_drop_total",
        "Number of drops",
        ["protocol", "reason"],
        l => [l.Protocol, l.Reason]
    );

    private readonly DurationHistogram _durations = new(
        "hubble_http_request_duration_seconds",
        "Quantiles of HTTP request duration in seconds",
        ["source", "destination", "method"]
    );

    private readonly record struct Flow(string Protocol, string Type, string Subtype, string Verdict, string Direction);

    public EnvoyMetrics Envoy { get; } = new();

    /// <summary>Counts a request that arrived at the proxy, whatever its verdict.</summary>
    public void Request(in HttpPass pass, bool denied)
    {
        _requests.Increment((pass.Source, pass.Destination, pass.Method, pass.Protocol));
        _flows.Increment(new Flow("HTTP", "L7", "HTTP", denied ? "DROPPED" : "FORWARDED", pass.Direction));
    }

    /// <summary>
    /// Counts the response, of the backend or the proxy itself, to a request. The duration is from
    /// the request's arrival at the proxy to the response's headers.
    /// </summary>
    public void Response(in HttpPass pass, int status, TimeSpan duration)
    {
        _responses.Increment((pass.Destination, pass.Source, status, pass.Method));
        _flows.Increment(new Flow("HTTP", "L7", "HTTP", "FORWARDED", pass.Direction));
        _durations.Observe(pass.Source, pass.Destination, pass.Method, duration);
    }

    /// <summary>Counts a connection whose SYN was dropped, for one of Cilium's drop reasons (POLICY_DENIED).</summary>
    public void Drop(string reason, string direction)
    {
        _drops.Increment((reason, "TCP"));
        _flows.Increment(new Flow("TCP", "Drop", reason, "DROPPED", direction));
    }

    /// <summary>Counts a connection that passed without a proxy.</summary>
    public void Connection(string direction) =>
        _flows.Increment(new Flow("TCP", "Trace", "to-endpoint", "FORWARDED", direction));

    public string Render()
    {
        var text = new StringBuilder(4096);
        _requests.Render(text);
        _responses.Render(text);
        _durations.Render(text);
        _flows.Render(text);
        _drops.Render(text);
        Envoy.Render(text);
        return text.ToString();
    }
}
