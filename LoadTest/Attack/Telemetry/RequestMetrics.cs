using System.Diagnostics;
using System.Diagnostics.Metrics;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Telemetry;

/// <summary>The metrics of an attack's requests, by OpenTelemetry's conventions for HTTP clients:
/// <c>http.client.request.duration</c> (seconds from the real start) and <c>http.client.active_requests</c>. Requests
/// that were not sent are in neither. Allocates nothing, whether or not somebody listens.</summary>
internal sealed class RequestMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "LoadTest";

    private static readonly Meter s_meter = new(MeterName);

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram(
        "http.client.request.duration",
        "s",
        "Duration of HTTP client requests.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
        }
    );

    private static readonly UpDownCounter<long> s_active = s_meter.CreateUpDownCounter<long>(
        "http.client.active_requests",
        "{request}",
        "Number of outbound HTTP requests that are currently active."
    );

    // A number in a tag is an object.
    private static readonly object?[] s_statuses = new object?[1000];

    private readonly TagList[] _targets;

    public RequestMetrics(AttackPlan plan) =>
        _targets = [
            .. plan.Targets.Select(target =>
            {
                var (host, port) = TelemetryNames.ServerOf(target);
                return new TagList
                {
                    { "http.request.method", target.Method },
                    { "server.address", host },
                    { "server.port", port },
                };
            }),
        ];

    /// <summary>A request has started.</summary>
    public void Started(long sequence)
    {
        if (s_active.Enabled)
            s_active.Add(1, Tags(sequence));
    }

    /// <summary>A request has ended.</summary>
    public void Ended(in RequestRecord record)
    {
        if (record.Outcome.IsNotSent())
            return;
        if (s_active.Enabled)
            s_active.Add(-1, Tags(record.Sequence));
        if (!s_duration.Enabled)
            return;
        var tags = Tags(record.Sequence);
        if (record.Status is > 0 and < 1000)
            tags.Add("http.response.status_code", s_statuses[record.Status] ??= record.Status);
        if (TelemetryNames.ErrorType(record) is { } error)
            tags.Add("error.type", error);
        if (record.Pod is not null)
            tags.Add(TelemetryNames.ResponderPod, record.Pod);
        if (record.Node is not null)
            tags.Add(TelemetryNames.ResponderNode, record.Node);
        s_duration.Record(record.ServiceTime.TotalSeconds, tags);
    }

    private TagList Tags(long sequence) => _targets[sequence % _targets.Length];
}
