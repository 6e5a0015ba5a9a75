using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>From samples of metrics to counters, the same for a scrape and for the answer of a Prometheus.</summary>
internal static class HubbleSamples
{
    /// <summary>Names of the metrics that are read.</summary>
    public const string Requests = "hubble_http_requests_total",
        Responses = "hubble_http_responses_total",
        Lost = "hubble_lost_events_total";

    /// <summary>The counter that a sample of Hubble's belongs to; null for any other.</summary>
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

    /// <summary>Adds a sample to the counters of its key, and what <c>httpV2</c> leaves out: a request is a request, too.</summary>
    /// <returns>What is wrong with it; null when it is a count.</returns>
    public static string? Add(
        ImmutableDictionary<CounterKey, double>.Builder counters,
        string name,
        CounterKey key,
        double value
    )
    {
        if (!double.IsFinite(value) || value < 0)
            return string.Create(CultureInfo.InvariantCulture, $"{name} is {value}, which is no count");
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
