using System.Collections.Immutable;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>
/// Notices counters that a target had and has no longer: a sample that was lost on its way, a rule that leaves series
/// out, a process that has just begun. To count such a target without them would take away what its pods got, and add
/// their whole count when the counters are back, so it counts as not read. Bounded by the counters of the last rounds,
/// no clock, not thread-safe.
/// </summary>
public sealed class MissingCounters
{
    /// <summary>
    /// Counters that are missing for longer than this, s, and in more rounds than this, will not come back.
    /// </summary>
    private const double MinPatience = 60,
        PatientRounds = 4;

    private readonly Dictionary<ScrapeTarget, Whole> _whole = [];
    private double _lastAt = double.NaN;

    /// <summary>The round, with a failed attempt in the place of each target that misses counters.</summary>
    /// <param name="round">What was read.</param>
    /// <param name="service">The Service at that moment: Hubble forgets the counters of a deleted pod, and of a deleted
    /// client, which is one that no target knows any more.</param>
    public ScrapeRound Mark(ScrapeRound round, ObservedService service)
    {
        ArgumentNullException.ThrowIfNull(round);
        ArgumentNullException.ThrowIfNull(service);
        var names = service
            .Endpoints.Select(e => e.Pod.HubbleName)
            .Concat(
                round.Scrapes.Where(s => s.Counters is not null).SelectMany(s => s.Counters!.Keys, (_, k) => k.Client)
            )
            .ToHashSet(StringComparer.Ordinal);
        var patience = double.IsNaN(_lastAt)
            ? MinPatience
            : Math.Max(MinPatience, PatientRounds * (round.At - _lastAt));
        _lastAt = round.At;
        return round with { Scrapes = [.. round.Scrapes.Select(s => Mark(s, round.At, patience, names))] };
    }

    private TargetScrape Mark(TargetScrape scrape, double at, double patience, HashSet<string> names)
    {
        if (scrape.Counters is null)
            return scrape;
        if (
            _whole.TryGetValue(scrape.Target, out var before)
            && at - before.At <= patience
            && (before.Incarnation.Length == 0 || before.Incarnation == scrape.Incarnation)
        )
        {
            var isEmpty = !scrape.Counters.Any(c => IsOfRequests(c.Key));
            var missing = before.Counters.Count(k =>
                !scrape.Counters.ContainsKey(k) && names.Contains(k.Pod) && (isEmpty || names.Contains(k.Client))
            );
            if (missing > 0)
                return TargetScrape.Failed(
                    scrape.Target,
                    $"{missing} of {before.Counters.Length} counters are missing that it had before"
                );
        }
        _whole[scrape.Target] = new Whole(
            at,
            scrape.Incarnation,
            [.. scrape.Counters.Where(c => c.Value > 0 && IsOfRequests(c.Key)).Select(c => c.Key)]
        );
        return scrape;
    }

    private static bool IsOfRequests(CounterKey key) => key.Kind is not CounterKind.Lost;

    /// <param name="At">When all of them were there, s since observing began.</param>
    private readonly record struct Whole(double At, string Incarnation, ImmutableArray<CounterKey> Counters);
}
