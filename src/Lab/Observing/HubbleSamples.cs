using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>Converts samples of metrics to counters, for scrapes and for answers of a Prometheus.</summary>
internal static class HubbleSamples
{
    public const string Requests = "hubble_http_requests_total",
        Responses = "hubble_http_responses_total",
        Lost = "hubble_lost_events_total";

    /// <summary>The counter of a Hubble sample; null for any other sample.</summary>
    /// <param name="name">Metric.</param>
    /// <param name="label">Its labels; empty when it has no such label.</param>
    /// <param name="target">The node.</param>
    public static CounterKey? Key(string name, Func<string, string> label, ScrapeTarget target) =>
        name switch
        {
            // httpV2 (Cilium 1.14 and later) counts a request when it is answered, with the status.
            Requests when label("status") is { Length: > 0 } status => new CounterKey(
                CounterKind.Responses,
                target,
                label("source"),
                label("destination"),
                Status(status),
                label("reporter")
            ),
            Requests => new CounterKey(
                CounterKind.Requests,
                target,
                label("source"),
                label("destination"),
                Reporter: label("reporter")
            ),
            // Here source and destination are swapped: the source is the backend.
            Responses => new CounterKey(
                CounterKind.Responses,
                target,
                label("destination"),
                label("source"),
                Status(label("status")),
                label("reporter")
            ),
            Lost => new CounterKey(CounterKind.Lost, target),
            _ => null,
        };

    /// <summary>
    /// Adds a sample to the counter of its key. A metric of requests with a status (<c>httpV2</c>) counts requests and
    /// responses.
    /// </summary>
    /// <returns>What is wrong with the sample; null when it is a count.</returns>
    public static string? Add(
        ImmutableDictionary<CounterKey, double>.Builder counters,
        string name,
        CounterKey key,
        double value
    )
    {
        if (!double.IsFinite(value) || value < 0)
            return string.Create(CultureInfo.InvariantCulture, $"{name} is {value}, which is not a count");
        counters[key] = counters.GetValueOrDefault(key) + value;
        if (name != Requests || key.Kind is not CounterKind.Responses)
            return null;
        var request = key with { Kind = CounterKind.Requests, Status = 0 };
        counters[request] = counters.GetValueOrDefault(request) + value;
        return null;
    }

    private static int Status(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : 0;
}
