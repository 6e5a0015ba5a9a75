using System.Collections.Immutable;
using System.Net;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>How surely a feed is that of its target.</summary>
internal enum FeedRank
{
    /// <summary>Only the node is the same.</summary>
    Node,

    /// <summary>The address is the same.</summary>
    Address,

    /// <summary>The Pod has the same name.</summary>
    Pod,

    /// <summary>The Pod has the same name and the same address: that of another cluster has another one.</summary>
    PodAtAddress,
}

/// <summary>The series of a target with the same target labels: one scraper's samples of one process.</summary>
/// <param name="rank">How surely it is that of its target.</param>
/// <param name="labels">The target labels.</param>
internal sealed class ScrapedFeed(FeedRank rank, ImmutableSortedDictionary<string, string> labels)
{
    /// <summary>The metric of Prometheus that has a sample for each scrape, 1 for a successful one.</summary>
    public const string Up = "up";

    /// <summary>Part of the samples of two feeds of one process that may differ: their clocks do.</summary>
    private const double MaxDisagreement = 0.1;

    private static readonly ImmutableHashSet<string> s_own =
    [
        "__name__",
        "source",
        "destination",
        "method",
        "protocol",
        "status",
        "reporter",
        "traffic_direction",
    ];

    private sealed record Series(CounterKey? Key, string? Problem, RawSeries Raw);

    private readonly List<Series> _series = [];
    private readonly SortedSet<double> _counted = [];
    private readonly SortedDictionary<double, bool> _up = [];
    private double[]? _times;

    public FeedRank Rank => rank;

    /// <summary>Whether it was scraped from an IP address, not from a name.</summary>
    public bool HasAddress => IPAddress.TryParse(ScrapedTargets.Host(this["instance"]), out _);

    public string this[string label] => labels.GetValueOrDefault(label, "");

    /// <summary>Samples that count requests to the Service.</summary>
    public int Counts { get; private set; }

    /// <summary>Time of the first scrape, s since 1970.</summary>
    public double First => Times is [var first, ..] ? first : double.PositiveInfinity;

    /// <summary>
    /// Times of scrapes: those of <c>up</c>; without it, those of the counters. A scrape that failed has only
    /// <c>up</c>.
    /// </summary>
    private double[] Times => _times ??= _up.Count > 0 ? [.. _up.Keys] : [.. _counted];

    /// <summary>The surest and fullest feed first.</summary>
    public static int BestFirst(ScrapedFeed a, ScrapedFeed b)
    {
        var order = (b.Rank, b.Counts, b.Times.Length).CompareTo((a.Rank, a.Counts, a.Times.Length));
        return order != 0 ? order : string.CompareOrdinal(a.Text, b.Text);
    }

    /// <summary>The target labels of a series.</summary>
    /// <param name="series">Any series.</param>
    /// <param name="ofTargets">
    /// Names of target labels; empty: all but the metric's own labels are taken for target labels.
    /// </param>
    public static ImmutableSortedDictionary<string, string> TargetLabels(RawSeries series, HashSet<string> ofTargets) =>
        series
            .Labels.Where(l => l.Key != "__name__" && (ofTargets.Count > 0 ? ofTargets.Contains(l.Key) : !IsOwn(l.Key)))
            .ToImmutableSortedDictionary(StringComparer.Ordinal);

    public bool Has(ImmutableSortedDictionary<string, string> others) => labels.SequenceEqual(others);

    public void Add(RawSeries series, CounterKey? key, string? problem = null)
    {
        _series.Add(new Series(key, problem, series));
        foreach (var (at, _) in series.Samples)
            _counted.Add(at);
        if (key is { Kind: not CounterKind.Lost })
            Counts += series.Samples.Length;
    }

    public void AddUp(RawSeries up)
    {
        foreach (var (at, value) in up.Samples)
            _up[at] = value > 0;
    }

    /// <summary>Times between two scrapes, s.</summary>
    public IEnumerable<double> Gaps() => Times.Zip(Times.Skip(1), (a, b) => b - a);

    /// <summary>Time of the newest scrape after one moment and not after another; null without one.</summary>
    public double? Newest(double after, double to)
    {
        var i = Array.BinarySearch(Times, to);
        if (i < 0)
            i = ~i - 1;
        return i >= 0 && Times[i] > after ? Times[i] : null;
    }

    /// <summary>The counters at one of its times.</summary>
    public TargetScrape Scrape(ScrapeTarget target, double at)
    {
        if (_up.TryGetValue(at, out var up) && !up)
            return TargetScrape.Failed(target, "up is 0");
        var counters = ImmutableDictionary.CreateBuilder<CounterKey, double>();
        foreach (var (key, problem, series) in _series)
        {
            if (series.At(at) is not { } value)
                continue;
            if (problem is not null)
                return TargetScrape.Failed(target, problem);
            if (HubbleSamples.Add(counters, series.Metric, l => series[l], key!.Value, value) is { } wrong)
                return TargetScrape.Failed(target, wrong);
        }
        return new TargetScrape(target, counters.ToImmutable());
    }

    /// <summary>
    /// Whether this feed may be of the same process as another: where both count the same requests at the same time,
    /// a value of the one is between the other's values an interval before and after it.
    /// </summary>
    /// <param name="other">A feed of the same target.</param>
    /// <param name="interval">Scrape interval, s.</param>
    public bool Agrees(ScrapedFeed other, double interval)
    {
        var (compared, different) = (0, 0);
        foreach (var (_, _, series) in _series.Where(s => s.Key is { Kind: not CounterKind.Lost }))
        {
            if (other._series.Find(s => s.Raw.SameCounter(series, IsOwn)) is not { } twin)
                continue;
            foreach (var (at, value) in series.Samples)
            {
                if (twin.Raw.Around(at, interval) is not var (before, after) || after < before)
                    continue;
                compared++;
                if (value < before || value > after)
                    different++;
            }
        }
        return different <= Math.Max(2, MaxDisagreement * compared);
    }

    /// <summary>That another feed is of another process, and how to choose.</summary>
    /// <param name="other">The other feed.</param>
    /// <param name="redact">Leave out the values of the labels.</param>
    public string ConflictWith(ScrapedFeed other, bool redact)
    {
        // A label of the cluster chooses better than the target's own.
        string[] differing =
        [
            .. labels
                .Keys.Union(other.Labels)
                .Where(l => this[l] != other[l])
                .OrderBy(l => l is "instance" or "pod" or "job" ? 1 : 0)
                .ThenBy(l => l, StringComparer.Ordinal),
        ];
        var texts = differing.Select(l => redact ? l : $"{l} is '{this[l]}' or '{other[l]}'");
        var value = redact || differing.Length == 0 ? "VALUE" : this[differing[0]];
        var choice = differing.Length > 0 ? $"; choose one, as --prometheus-label {differing[0]}={value}" : "";
        return $"two processes are scraped as this target and count differently: {string.Join(", ", texts)}{choice}";
    }

    private IEnumerable<string> Labels => labels.Keys;

    private string Text => string.Join(',', labels.Select(l => $"{l.Key}={l.Value}"));

    private static bool IsOwn(string label) =>
        s_own.Contains(label)
        || label.StartsWith("source_", StringComparison.Ordinal)
        || label.StartsWith("destination_", StringComparison.Ordinal);
}
