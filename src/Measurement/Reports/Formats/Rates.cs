using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Measurement.Reports.Formats;

/// <summary>A point of a line.</summary>
/// <param name="At">s since the load began.</param>
/// <param name="PerSecond">Rate, 1/s.</param>
public readonly record struct RatePoint(double At, double PerSecond);

/// <summary>One line of a chart.</summary>
/// <param name="Pod"><c>namespace/pod</c>.</param>
/// <param name="Status">HTTP status; 0 where the chart has none.</param>
public sealed record RateLine(string Pod, int Status, ImmutableArray<RatePoint> Points)
{
    /// <summary>The newest rate; 0 without a point.</summary>
    public double Last => Points is [.., var last] ? last.PerSecond : 0;
}

/// <summary>A chart of rates per Pod over time, as in the original report (cilium/cilium#14268).</summary>
/// <param name="Query">The PromQL that shows the same on a real Prometheus.</param>
public sealed record RateChart(string Id, string Title, string Query, ImmutableArray<RateLine> Lines);

/// <summary>Rates from the cumulative counts of a document, as Prometheus' <c>rate()</c> over a trailing window makes
/// them.</summary>
public static class Rates
{
    /// <summary>The window, s: a fifteenth of the run, 2 s to 60 s (the original report's charts have 1 min).</summary>
    public static double WindowSeconds(ReportDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var length = document.Series.At is [.., var last] ? last : 0;
        return Math.Clamp(
            length / 15,
            Math.Max(2, document.Series.IntervalSeconds),
            Math.Max(60, document.Series.IntervalSeconds)
        );
    }

    public static ImmutableArray<RateChart> Charts(ReportDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var (series, window) = (document.Series, WindowSeconds(document));
        RateLine Line(PodSeries pod, int status, ImmutableArray<double?> counts) =>
            new(pod.Pod, status, Of(series.At, counts, window));
        return
        [
            new(
                "echo",
                "Backend: echo requests per pod",
                "sum(rate(echo_requests[1m])) by (kubernetes_pod_name)",
                [.. series.Pods.Select(p => Line(p, 0, p.Echo))]
            ),
            new(
                "hubble-requests",
                "Hubble: HTTP requests per pod (each proxy pass counts)",
                "sum(rate(hubble_http_requests_total[1m])) by (hubble_destination_pod)",
                [.. series.Pods.Select(p => Line(p, 0, p.Requests))]
            ),
            new(
                "hubble-responses",
                "Hubble: HTTP responses per pod and status",
                "sum(rate(hubble_http_responses_total[1m])) by (hubble_source_pod, status)",
                [.. series.Pods.SelectMany(p => p.Responses.Select(r => Line(p, r.Key, r.Value)))]
            ),
        ];
    }

    /// <summary>The rate at each sample over the window before it; at the first samples over what there is.</summary>
    /// <param name="at">Times, s, increasing.</param>
    /// <param name="counts">Cumulative counts; null: not there yet.</param>
    /// <param name="window">s.</param>
    public static ImmutableArray<RatePoint> Of(ImmutableArray<double> at, ImmutableArray<double?> counts, double window)
    {
        var points = ImmutableArray.CreateBuilder<RatePoint>();
        for (int i = 1, from = 0; i < at.Length; i++)
        {
            while (from < i - 1 && (at[from + 1] <= at[i] - window + 1e-9 || counts[from] is null))
                from++;
            // A counter that went back was restarted: as Prometheus does, what it shows since then is taken.
            if (counts[i] is { } now && counts[from] is { } then && at[i] > at[from])
                points.Add(new RatePoint(at[i], (now >= then ? now - then : now) / (at[i] - at[from])));
        }
        return points.ToImmutable();
    }
}
