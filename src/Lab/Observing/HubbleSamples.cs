using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.Lab.Observing;

/// <summary>What a series of Hubble is to the Service that is observed.</summary>
/// <param name="Key">Its counter; null when it does not count for the Service.</param>
/// <param name="Problem">Why the series cannot be read; null when it can.</param>
/// <param name="Note">What a reader must know of it; null for nothing.</param>
/// <param name="Server">The side that the requests were sent to; null for another metric.</param>
/// <param name="Unnamed">That it does not name the Service's Pods; null: it does, or is of another metric.</param>
/// <param name="MayBe">Whether it may be about the Service although it names none of its Pods.</param>
internal readonly record struct HubbleReading(
    CounterKey? Key,
    string? Problem = null,
    string? Note = null,
    HubblePeer? Server = null,
    string? Unnamed = null,
    bool MayBe = false
);

/// <summary>Converts samples of metrics to counters, for scrapes and for answers of a Prometheus.</summary>
internal static class HubbleSamples
{
    public const string Lost = "hubble_lost_events_total";

    private const int MaxQuoted = 100;

    /// <summary>
    /// Loss of this source is that of readers of Hubble's flow API: the metrics are counted before.
    /// </summary>
    private const string RingBuffer = "hubble_ring_buffer";

    /// <summary>Reads the labels of a sample of any metric.</summary>
    /// <param name="metric">Metric.</param>
    /// <param name="label">Its labels; empty when it has no such label.</param>
    /// <param name="target">The node.</param>
    /// <param name="pods">The Service's Pods.</param>
    public static HubbleReading Read(string metric, Func<string, string> label, ScrapeTarget target, ServicePods pods)
    {
        if (metric == Lost)
            return new HubbleReading(new CounterKey(CounterKind.Lost, target));
        HubbleHttpSample? read;
        try
        {
            read = HubbleHttpSample.Of(metric, label);
        }
        catch (FormatException e)
        {
            return new HubbleReading(null, e.Message);
        }
        if (read is not { } sample)
            return default;
        if (pods.Find(sample.Server) is not { } pod)
            return new HubbleReading(
                null,
                Server: sample.Server,
                Unnamed: Unnamed(metric, sample.Server),
                MayBe: pods.MayBe(sample.Server)
            );
        var key = new CounterKey(
            sample.Status is null ? CounterKind.Requests : CounterKind.Responses,
            target,
            sample.Client.Name.Length > 0 ? sample.Client.Name : sample.Client.Address,
            pod,
            sample.Status ?? 0,
            sample.Reporter
        );
        var note = HubbleHttpSample.IsClass(label("status"))
            ? $"{metric} has classes of statuses: '{label("status")}' is shown as {sample.Status}"
            : null;
        return new HubbleReading(key, null, note, sample.Server);
    }

    /// <summary>
    /// Adds a sample to the counter of its key. A metric of requests with a status (<c>httpV2</c>) counts requests and
    /// responses.
    /// </summary>
    /// <returns>What is wrong with the sample; null when it is a count.</returns>
    public static string? Add(
        ImmutableDictionary<CounterKey, double>.Builder counters,
        string metric,
        Func<string, string> label,
        CounterKey key,
        double value
    )
    {
        if (!double.IsFinite(value) || value < 0)
            return string.Create(CultureInfo.InvariantCulture, $"{metric} is {value}, which is not a count");
        if (key.Kind is CounterKind.Lost && label("source").Equals(RingBuffer, StringComparison.OrdinalIgnoreCase))
            value = 0;
        counters[key] = counters.GetValueOrDefault(key) + value;
        if (metric != HubbleHttpSample.Requests || key.Kind is not CounterKind.Responses)
            return null;
        var request = key with { Kind = CounterKind.Requests, Status = 0 };
        counters[request] = counters.GetValueOrDefault(request) + value;
        return null;
    }

    /// <summary>What to do about series that do not name Pods.</summary>
    private static string Unnamed(string metric, HubblePeer server)
    {
        var side = metric == HubbleHttpSample.Requests ? "destination" : "source";
        var has =
            server.Name.Length == 0
                ? $"it has no label {side}"
                : $"it has {side}=\"{TerminalText.OneLine(server.Name, MaxQuoted)}\"";
        return $"{metric} is there, but without {side}=namespace/pod ({has}): set "
            + "httpV2:sourceContext=pod;destinationContext=pod in hubble.metrics.enabled";
    }
}
