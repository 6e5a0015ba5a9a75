using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// Increments of the counters over the last readings, for rates and charts that continue when one target cannot be
/// read. Each target's increments are taken between its own readings; a counter that decreases was reset to 0. Bounded
/// memory, no clock, not thread-safe.
/// </summary>
/// <param name="window">Length of the window of rates, s.</param>
internal sealed class RecentCounters(double window)
{
    /// <summary>Samples kept for the charts of a report: 10 min at one every 2 s.</summary>
    private const int MaxSamples = 300;

    private sealed record Increments(
        ScrapeTarget Target,
        double From,
        double To,
        ImmutableDictionary<CounterKey, double> Counts
    )
    {
        public double Seconds => To - From;
    }

    private readonly Dictionary<ScrapeTarget, (double At, TargetScrape Scrape)> _last = [];
    private readonly List<Increments> _recent = [];
    private readonly Queue<SeriesSample> _samples = new();
    private ImmutableSortedDictionary<string, PodCounts> _totals = ImmutableSortedDictionary.Create<string, PodCounts>(
        StringComparer.Ordinal
    );

    /// <summary>Requests since observing began, each counted once.</summary>
    public double Requests { get; private set; }

    /// <summary>When the last request was counted, s since observing began; null: none.</summary>
    public double? LastRequestAt { get; private set; }

    /// <summary>When a target was last read, s since observing began; null: never.</summary>
    public double? LastReadAt { get; private set; }

    /// <summary>Whether there are the two readings that a rate needs.</summary>
    public bool HasRates => _recent.Count > 0;

    /// <summary>The samples of the charts, in order.</summary>
    public ImmutableArray<SeriesSample> Samples => [.. _samples];

    /// <summary>Excludes earlier counts from rates.</summary>
    public void Restart()
    {
        _recent.Clear();
        _last.Clear();
    }

    /// <summary>Adds a round, later than every one before, with the Service of that moment.</summary>
    public void Add(ScrapeRound round, ObservedService service)
    {
        List<Increments> now = [];
        foreach (var scrape in round.Scrapes.Where(s => s.Counters is not null))
        {
            LastReadAt = round.At;
            if (_last.TryGetValue(scrape.Target, out var last) && round.At > last.At)
                now.Add(new Increments(scrape.Target, last.At, round.At, Difference(last.Scrape, scrape)));
            _last[scrape.Target] = (round.At, scrape);
        }
        var old = _last.Where(l => l.Value.At < round.At - 6 * window).Select(l => l.Key).ToList();
        foreach (var target in old)
            _last.Remove(target);
        _recent.RemoveAll(i => i.To <= round.At - window);
        _recent.AddRange(now);
        Count(now, service, round.At);
        _samples.Enqueue(new SeriesSample(round.At, _totals));
        if (_samples.Count > MaxSamples)
            _samples.Dequeue();
    }

    /// <summary>The rates of the Service's Pods.</summary>
    /// <param name="source">
    /// Whose counters: Hubble's include failures, the Pods' own only requests that reached them.
    /// </param>
    /// <param name="service">The Service now.</param>
    /// <param name="at">Now, s since observing began.</param>
    public LiveSample Rates(TargetKind source, ObservedService service, double at)
    {
        var seconds = _recent.GroupBy(i => i.Target).ToDictionary(g => g.Key, g => g.Sum(i => i.Seconds));
        // Counts per second instead of counts: the traffic is linear in them.
        var perSecond = _recent
            .SelectMany(i => i.Counts)
            .GroupBy(c => c.Key)
            .ToDictionary(g => g.Key, g => g.Sum(c => c.Value) / seconds[g.Key.Target]);
        var traffic = ServiceTraffic.Of(perSecond, service);
        double Sum(Func<ClientTraffic, double[]> what, int pod) => traffic.Clients.Sum(c => what(c)[pod]);
        var pods = service.Endpoints.Select(
            (e, i) =>
                source is TargetKind.Hubble
                    ? new LivePod(e.Pod, Sum(c => c.Ok, i), Sum(c => c.Failed, i) + Sum(c => c.ProxyErrors, i))
                    : new LivePod(e.Pod, traffic.Reached[i], 0)
        );
        var covered = seconds.Values.DefaultIfEmpty(0).Max();
        return new LiveSample("", TimeSpan.FromSeconds(at), (long)Math.Round(Requests), [.. pods]) { Window = covered };
    }

    private void Count(List<Increments> now, ObservedService service, double at)
    {
        var counts = now.SelectMany(i => i.Counts).ToDictionary(c => c.Key, c => c.Value);
        var traffic = ServiceTraffic.Of(counts, service);
        var requests = Math.Max(traffic.Clients.Sum(c => c.Chosen.Sum()), traffic.Reached.Sum());
        Requests += requests;
        if (requests > 0)
            LastRequestAt = at;
        var byPod = counts.ToLookup(c => c.Key.Pod, StringComparer.Ordinal);
        PodCounts TotalOf(string pod) => byPod[pod].Aggregate(_totals.GetValueOrDefault(pod, s_none), Added);
        _totals = service
            .Endpoints.Select(e => e.Pod.HubbleName)
            .Distinct(StringComparer.Ordinal)
            .ToImmutableSortedDictionary(pod => pod, TotalOf, StringComparer.Ordinal);
    }

    private static readonly PodCounts s_none = new(0, 0, ImmutableSortedDictionary<int, double>.Empty);

    private static PodCounts Added(PodCounts counts, KeyValuePair<CounterKey, double> more) =>
        more.Key.Kind switch
        {
            CounterKind.Reached => counts with { Echo = counts.Echo + more.Value },
            CounterKind.Requests => counts with { Requests = counts.Requests + more.Value },
            CounterKind.Responses when more.Key.Status != HubbleHttpSample.UnknownStatus => counts with
            {
                Responses = counts.Responses.SetItem(
                    more.Key.Status,
                    counts.Responses.GetValueOrDefault(more.Key.Status) + more.Value
                ),
            },
            _ => counts,
        };

    private static ImmutableDictionary<CounterKey, double> Difference(TargetScrape before, TargetScrape now)
    {
        var another =
            before.Incarnation.Length > 0 && now.Incarnation.Length > 0 && before.Incarnation != now.Incarnation;
        var counts = ImmutableDictionary.CreateBuilder<CounterKey, double>();
        foreach (var (key, value) in now.Counters!)
        {
            var then = another ? 0 : before.Counters!.GetValueOrDefault(key);
            if ((value >= then ? value - then : value) is > 0 and var more)
                counts[key] = more;
        }
        return counts.ToImmutable();
    }
}
