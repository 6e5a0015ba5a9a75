using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>The cumulative counts of one Pod at one moment, in the two views that charts show.</summary>
/// <param name="Echo">Backend: echo requests since the series began.</param>
/// <param name="Requests">Hubble: HTTP requests to the Pod, every proxy pass counted, since the series began.</param>
/// <param name="Responses">Hubble: HTTP responses attributed to the Pod by status, since the series began.</param>
public sealed record PodCounts(double Echo, double Requests, ImmutableSortedDictionary<int, double> Responses);

/// <summary>All Pods at one moment.</summary>
/// <param name="At">When, s since the load began.</param>
/// <param name="Pods">By <c>namespace/pod</c>.</param>
public sealed record SeriesSample(double At, ImmutableSortedDictionary<string, PodCounts> Pods);

/// <summary>The counters of a run over time, in bounded memory: when there are too many samples every second one goes
/// and the interval doubles. The counts are cumulative, so the rate between any two of the samples that are left is
/// still exact. Not thread-safe.</summary>
/// <param name="intervalSeconds">Least time between two samples at first, s, &gt; 0. Default 1.</param>
/// <param name="capacity">Most samples kept, ≥ 4. Default 600: ten minutes at one a second, twenty at one every two,
/// …</param>
public sealed class TimeSeries(double intervalSeconds = 1, int capacity = 600)
{
    private readonly List<SeriesSample> _samples = [];
    private ClusterCounters? _origin;

    /// <summary>Least time between two samples now, s.</summary>
    public double IntervalSeconds { get; private set; } = intervalSeconds;

    /// <summary>Scrapes that failed and are missing here.</summary>
    public int Missed { get; private set; }

    public ImmutableArray<SeriesSample> Samples => [.. _samples];

    /// <summary>The newest sample; null before the first.</summary>
    public SeriesSample? Newest => _samples is [.., var newest] ? newest : null;

    /// <summary>Whether the next sample is due.</summary>
    /// <param name="at">Now, s since the load began.</param>
    public bool IsDue(double at) => _samples.Count == 0 || at - _samples[^1].At >= IntervalSeconds * 0.9;

    /// <summary>Counts a scrape that failed.</summary>
    public void Miss() => Missed++;

    /// <summary>Adds a scrape. A Pod that is gone keeps its last counts; one that is out of order is passed
    /// over.</summary>
    /// <param name="at">When, s since the load began.</param>
    /// <param name="pods">The Pods behind the Service then.</param>
    public void Add(double at, ClusterCounters counters, IEnumerable<BackendPod> pods)
    {
        ArgumentNullException.ThrowIfNull(counters);
        ArgumentNullException.ThrowIfNull(pods);
        if (_samples.Count > 0 && at <= _samples[^1].At)
            return;
        _origin ??= counters;
        var since = counters.Since(_origin);
        var seen =
            _samples.Count > 0
                ? _samples[^1].Pods
                : ImmutableSortedDictionary.Create<string, PodCounts>(StringComparer.Ordinal);
        _samples.Add(
            new SeriesSample(
                at,
                seen.SetItems(pods.Select(p => KeyValuePair.Create(p.HubbleName, CountsOf(p.HubbleName, since))))
            )
        );
        if (_samples.Count > Math.Max(capacity, 4))
            Thin();
    }

    private static PodCounts CountsOf(string pod, ClusterCounters since) =>
        new(
            since.Echo.GetValueOrDefault(pod),
            since.RequestsTo(pod),
            since
                .Responses.Where(r => r.Key.Pod == pod)
                .GroupBy(r => r.Key.Status)
                .ToImmutableSortedDictionary(g => g.Key, g => g.Sum(r => r.Value))
        );

    private void Thin()
    {
        // The first and the newest stay, so that the series always spans the run.
        for (var i = _samples.Count - 2; i > 0; i -= 2)
            _samples.RemoveAt(i);
        IntervalSeconds *= 2;
    }
}
