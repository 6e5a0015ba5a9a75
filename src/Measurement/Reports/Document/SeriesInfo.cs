using System.Collections.Immutable;

namespace CiliumDebugging.Measurement.Reports.Document;

/// <summary>Cumulative counters over time, since the load began.</summary>
/// <param name="IntervalSeconds">Time between two samples, about, s.</param>
/// <param name="Missed">Samples that could not be taken.</param>
/// <param name="At">Times of the samples.</param>
/// <param name="Pods">Counts of each Pod, each list as long as <paramref name="At"/>.</param>
public sealed record SeriesInfo(
    double IntervalSeconds,
    int Missed,
    ImmutableArray<double> At,
    ImmutableArray<PodSeries> Pods
);

/// <summary>The counts of one Pod. Null before the Pod was first seen.</summary>
/// <param name="Pod"><c>namespace/pod</c>.</param>
/// <param name="Echo">Backend: echo requests.</param>
/// <param name="Requests">Hubble: HTTP requests to it.</param>
/// <param name="Responses">Hubble: HTTP responses attributed to it by status.</param>
public sealed record PodSeries(
    string Pod,
    ImmutableArray<double?> Echo,
    ImmutableArray<double?> Requests,
    ImmutableSortedDictionary<int, ImmutableArray<double?>> Responses
);
