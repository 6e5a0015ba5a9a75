using System.Collections.Immutable;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>What was counted between two rounds.</summary>
/// <param name="From">s since observing began.</param>
/// <param name="To">s since observing began.</param>
/// <param name="Counts">By counter; only what is not 0.</param>
public sealed record RoundDifference(double From, double To, ImmutableDictionary<CounterKey, double> Counts);

/// <summary>Makes increments of cumulative counters. An interval goes from one round in which every target was read to
/// the next such round, so a missed scrape costs none of the counts; an interval in which a counter went back or a
/// process was replaced is left out whole, for every pod alike: what was counted in it before the reset is gone, and
/// half an interval would be skew. So is one in which a counter appears with more than it can have counted since the
/// round before. Not thread-safe.</summary>
public sealed class RoundDifferences
{
    /// <summary>
    /// A counter that appears with more than this, and with this many times what any other one counted meanwhile, was
    /// there before and not seen.
    /// </summary>
    private const double MuchAtOnce = 1_000,
        TimesTheOthers = 10;

    private readonly Dictionary<ScrapeTarget, TargetScrape> _last = [];
    private double _lastAt = double.NaN;

    /// <summary>What came of every target.</summary>
    public Dictionary<ScrapeTarget, TargetRecord> Targets { get; } = [];

    /// <summary>Rounds so far.</summary>
    public int Rounds { get; private set; }

    /// <summary>Intervals that were left out because of a reset.</summary>
    public int IntervalsLost { get; private set; }

    /// <summary>
    /// The targets of the last round with counters that appeared with counts from before: what was counted until then
    /// is not all there was.
    /// </summary>
    public ImmutableArray<ScrapeTarget> Late { get; private set; } = [];

    /// <returns>What was counted since the last complete one; null when this one is incomplete, the first, or an
    /// interval with a reset ends here.</returns>
    public RoundDifference? Add(ScrapeRound round)
    {
        ArgumentNullException.ThrowIfNull(round);
        Rounds++;
        Late = [];
        var complete = !round.Scrapes.IsEmpty;
        foreach (var scrape in round.Scrapes)
        {
            var record = Targets.GetValueOrDefault(scrape.Target) ?? new TargetRecord();
            Targets[scrape.Target] = record.With(scrape);
            complete &= scrape.Counters is not null;
        }
        if (!complete)
            return null;
        var (usable, counts) = (
            !double.IsNaN(_lastAt) && round.At > _lastAt,
            ImmutableDictionary.CreateBuilder<CounterKey, double>()
        );
        foreach (var scrape in round.Scrapes)
        {
            if (!_last.TryGetValue(scrape.Target, out var before))
                usable = false;
            else if (Restarted(before, scrape))
            {
                Targets[scrape.Target] = Targets[scrape.Target] with { Restarts = Targets[scrape.Target].Restarts + 1 };
                IntervalsLost++;
                usable = false;
            }
            else
            {
                foreach (var (key, value) in scrape.Counters!)
                {
                    if (value - before.Counters!.GetValueOrDefault(key) is > 0 and var more)
                        counts[key] = more;
                }
            }
        }
        Late = usable ? LateOf(counts) : [];
        usable &= Late.IsEmpty;
        var from = _lastAt;
        _last.Clear();
        foreach (var scrape in round.Scrapes)
            _last[scrape.Target] = scrape;
        _lastAt = round.At;
        return usable ? new RoundDifference(from, round.At, counts.ToImmutable()) : null;
    }

    /// <summary>The next complete round begins anew: what is counted until then belongs to nothing.</summary>
    public void Forget()
    {
        _lastAt = double.NaN;
        _last.Clear();
    }

    /// <summary>The targets with counters that appeared with old counts.</summary>
    private ImmutableArray<ScrapeTarget> LateOf(ImmutableDictionary<CounterKey, double>.Builder counts)
    {
        bool IsNew(CounterKey key) => key.Kind is not CounterKind.Lost && !_last[key.Target].Counters!.ContainsKey(key);
        var most = counts.Where(c => !IsNew(c.Key)).Select(c => c.Value).DefaultIfEmpty().Max();
        return
        [
            .. counts
                .Where(c => c.Value > Math.Max(MuchAtOnce, TimesTheOthers * most) && IsNew(c.Key))
                .Select(c => c.Key.Target)
                .Distinct(),
        ];
    }

    /// <summary>Another process, a counter that went back, or none left of those that were there: a process that has
    /// just begun has not made its counters yet. A few that go are those of deleted Pods, which newer Hubbles
    /// forget.</summary>
    private static bool Restarted(TargetScrape before, TargetScrape now) =>
        (before.Incarnation.Length > 0 && now.Incarnation.Length > 0 && before.Incarnation != now.Incarnation)
        || now.Counters!.Any(c => c.Value < before.Counters!.GetValueOrDefault(c.Key))
        || before.Counters!.Any(c => c.Value > 0)
            && !before.Counters!.Any(c => c.Value > 0 && now.Counters!.ContainsKey(c.Key));
}

/// <summary>What came of a target.</summary>
/// <param name="Attempts">Attempts to read it.</param>
/// <param name="Reads">Those that succeeded.</param>
/// <param name="Restarts">Times its counters began anew.</param>
/// <param name="LastError">The last failure; empty for none.</param>
/// <param name="Lost">Hubble: events it lost so far, cumulative; null when it does not say.</param>
/// <param name="LostBefore">The same at the first reading.</param>
public sealed record TargetRecord(
    int Attempts = 0,
    int Reads = 0,
    int Restarts = 0,
    string LastError = "",
    double? Lost = null,
    double? LostBefore = null
)
{
    internal TargetRecord With(TargetScrape scrape)
    {
        if (scrape.Counters is null)
            return this with { Attempts = Attempts + 1, LastError = scrape.Error };
        var losses = scrape.Counters.Where(c => c.Key.Kind is CounterKind.Lost).Select(c => (double?)c.Value).ToList();
        double? lost = losses.Count > 0 ? losses.Sum() : Lost;
        return this with { Attempts = Attempts + 1, Reads = Reads + 1, Lost = lost, LostBefore = LostBefore ?? lost };
    }
}
