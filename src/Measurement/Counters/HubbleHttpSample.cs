using System.Globalization;

namespace CiliumDebugging.Measurement.Counters;

/// <summary>One side of the requests that a series of Hubble counts, as its labels name it.</summary>
/// <param name="Name">
/// <c>namespace/pod</c> if the labels say so, otherwise whatever the configured context writes (a workload, an
/// identity, an address); empty when the series does not say.
/// </param>
/// <param name="Address">IP address; empty when the series does not say.</param>
public readonly record struct HubblePeer(string Name, string Address)
{
    internal static HubblePeer Of(Func<string, string> label, string side)
    {
        // labelsContext has names of its own, which are exact; sourceContext and destinationContext may be anything.
        var (pod, ns) = (label($"{side}_pod"), label($"{side}_namespace"));
        string[] names =
        [
            pod.Length > 0 && ns.Length > 0 ? $"{ns}/{pod}" : "",
            label(side),
            pod,
            label($"{side}_workload"),
        ];
        return new HubblePeer(names.FirstOrDefault(n => n.Length > 0) ?? "", label($"{side}_ip"));
    }
}

/// <summary>What a sample of Hubble's HTTP metrics counts.</summary>
/// <param name="Client">The side that sent the requests.</param>
/// <param name="Server">The side that they were sent to.</param>
/// <param name="CountsRequests">Whether it counts requests; otherwise only responses.</param>
/// <param name="Status">
/// Status of the responses that it counts, 0 for those without one of HTTP, <see cref="UnknownStatus"/> where the series
/// does not say; null when it counts requests, answered or not.
/// </param>
/// <param name="Reporter">
/// The side whose proxy counted, <c>client</c> or <c>server</c>; empty when the series does not say.
/// </param>
public readonly record struct HubbleHttpSample(
    HubblePeer Client,
    HubblePeer Server,
    bool CountsRequests,
    int? Status,
    string Reporter
)
{
    /// <summary>
    /// Requests; of <c>httpV2</c> (Cilium 1.13 and later) requests that were answered, with the status.
    /// </summary>
    public const string Requests = "hubble_http_requests_total";

    /// <summary>Responses; of <c>http</c> only.</summary>
    public const string Responses = "hubble_http_responses_total";

    /// <summary>The status of responses whose series has no label <c>status</c>.</summary>
    public const int UnknownStatus = -1;

    /// <summary>Reads the labels of a sample; null when it is of another metric.</summary>
    /// <param name="metric">Its metric.</param>
    /// <param name="label">The value of a label, empty when the sample has none.</param>
    /// <exception cref="FormatException">Its status is not one of HTTP.</exception>
    public static HubbleHttpSample? Of(string metric, Func<string, string> label)
    {
        ArgumentNullException.ThrowIfNull(label);
        if (metric is not (Requests or Responses))
            return null;
        var isRequest = metric == Requests;
        // A response goes from the server to the client: its source is the server.
        var (client, server) = isRequest ? ("source", "destination") : ("destination", "source");
        var status = label("status");
        return new HubbleHttpSample(
            HubblePeer.Of(label, client),
            HubblePeer.Of(label, server),
            isRequest,
            isRequest && status.Length == 0 ? null : StatusOf(metric, status),
            ReporterOf(label)
        );
    }

    /// <summary>
    /// Whether a status is only a class of them, as <c>2xx</c>; such counts as the first of its class.
    /// </summary>
    public static bool IsClass(string status) => status is [>= '1' and <= '5', 'x' or 'X', 'x' or 'X'];

    private static int StatusOf(string metric, string text)
    {
        if (IsClass(text))
            return 100 * (text[0] - '0');
        if (text.Length == 0)
            return UnknownStatus;
        // No response, or none of HTTP: Hubble writes 0.
        if (text == "0")
            return 0;
        if (text.Length == 3 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            return status;
        var shown = text.Length > 20 ? text[..20] + "…" : text;
        throw new FormatException($"{metric} has status '{shown}', which is not an HTTP status");
    }

    private static string ReporterOf(Func<string, string> label) =>
        (label("reporter"), label("traffic_direction")) switch
        {
            ("client", _) => "client",
            ("server", _) => "server",
            (_, "egress") => "client",
            (_, "ingress") => "server",
            _ => "",
        };
}
