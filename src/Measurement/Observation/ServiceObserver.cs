using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>Evaluates a Service of a cluster that is only observed: takes rounds of scrapes and what the objects say at
/// that moment. A change of the backends, of their readiness, or of the rules on the way to them begins a new phase and
/// is a recorded event, and so are counters that appear with old counts; the interval it falls into is left out. Bounded memory, no clock, not thread-safe.</summary>
public sealed class ServiceObserver
{
    /// <summary>Events remembered, the latest ones.</summary>
    public const int MaxEvents = 200;

    private const int MaxNotes = 20;

    private readonly List<RecordedEvent> _events = [];
    private readonly List<string> _notes = [];
    private readonly MissingCounters _missing = new();

    /// <param name="service">The Service when observing begins.</param>
    /// <param name="options">Error probability of each verdict, and tolerance.</param>
    /// <param name="start">When this observer begins, s since observing began. Default 0.</param>
    public ServiceObserver(ObservedService service, VerdictOptions? options = null, double start = 0)
    {
        (Service, Options, Phase) = (service, options ?? VerdictOptions.Default, (start, start));
        Hubble = new ObservedView(TargetKind.Hubble, service, Options, start);
        Backends = new ObservedView(TargetKind.Backend, service, Options, start);
    }

    public VerdictOptions Options { get; }

    public ObservedService Service { get; private set; }

    /// <summary>Hubble's view.</summary>
    public ObservedView Hubble { get; }

    /// <summary>The backends' view.</summary>
    public ObservedView Backends { get; }

    /// <summary>What was seen to change.</summary>
    public IReadOnlyList<RecordedEvent> Events => _events;

    /// <summary>What a reader must know of the counters, the first different ones.</summary>
    public IReadOnlyList<string> Notes => _notes;
    public TimeSeries Series { get; } = new();

    /// <summary>When the present phase began, and the last round, s since observing began.</summary>
    public (double Start, double Last) Phase { get; private set; }

    /// <summary>Phases so far.</summary>
    public int Phases { get; private set; } = 1;

    /// <summary>Adds a round; the targets of the two views may have any order.</summary>
    /// <param name="service">The Service at that moment.</param>
    public void Add(ScrapeRound round, ObservedService service)
    {
        ArgumentNullException.ThrowIfNull(round);
        ArgumentNullException.ThrowIfNull(service);
        if (ServiceChange.Describe(Service, service) is { } change)
            BeginPhase(change, round.At, service);
        Service = service;
        round = _missing.Mark(round, service);
        foreach (var note in round.Notes)
            if (_notes.Count < MaxNotes && !_notes.Contains(note))
                _notes.Add(note);
        foreach (var view in (ObservedView[])[Hubble, Backends])
        {
            var own = round.Scrapes.Where(s => s.Target.Kind == view.Kind).ToImmutableArray();
            if (!own.IsEmpty)
                view.Add(new ScrapeRound(round.At, own), service);
        }
        var late = Hubble.Differences.Late.Concat(Backends.Differences.Late).Select(t => t.Name).Distinct().ToList();
        if (late.Count > 0)
            BeginPhase($"counters of {string.Join(", ", late)} appeared with counts from before", round.At, service);
        Phase = (Phase.Start, round.At);
        Chart(round, service);
    }

    private void BeginPhase(string change, double at, ObservedService service)
    {
        var why = new RecordedEvent(change, TimeSpan.FromSeconds(at));
        _events.Add(why);
        if (_events.Count > MaxEvents)
            _events.RemoveAt(0);
        Hubble.Change(service, why);
        Backends.Change(service, why);
        Phase = (at, at);
        Phases++;
    }

    private void Chart(ScrapeRound round, ObservedService service)
    {
        if (!Series.IsDue(round.At))
            return;
        if (round.Scrapes.Any(s => s.Counters is null))
        {
            Series.Miss();
            return;
        }
        Series.Add(round.At, Counters(round), service.Endpoints.Select(e => e.Pod));
    }

    private static ClusterCounters Counters(ScrapeRound round)
    {
        var counts = round.Scrapes.SelectMany(s => s.Counters!).ToLookup(c => c.Key.Kind);
        ImmutableDictionary<HubbleKey, double> Hubble(CounterKind kind) =>
            counts[kind]
                .Where(c => c.Key.Status != HubbleHttpSample.UnknownStatus)
                .GroupBy(c => new HubbleKey(c.Key.Target.Name, c.Key.Pod, c.Key.Status))
                .ToImmutableDictionary(g => g.Key, g => g.Sum(c => c.Value));
        return ClusterCounters.Zero with
        {
            Requests = Hubble(CounterKind.Requests),
            Responses = Hubble(CounterKind.Responses),
            Echo = counts[CounterKind.Reached]
                .GroupBy(c => c.Key.Pod)
                .ToImmutableDictionary(g => g.Key, g => g.Sum(c => c.Value)),
        };
    }
}

/// <summary>What changed between two looks at a Service.</summary>
public static class ServiceChange
{
    /// <summary>The change in words; null when the expected shares and the meaning of the counters are the
    /// same.</summary>
    public static string? Describe(ObservedService before, ObservedService now)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(now);
        var (old, young) = (before.Endpoints.ToDictionary(e => e.Pod), now.Endpoints.ToDictionary(e => e.Pod));
        List<string> changes = [];
        void Change(string what, IEnumerable<string> which)
        {
            var all = which.ToList();
            if (all.Count > 3)
                changes.Add($"{what} {all[0]}, {all[1]} and {all.Count - 2} more");
            else if (all.Count > 0)
                changes.Add($"{what} {string.Join(", ", all)}");
        }
        Change("new pod", young.Keys.Except(old.Keys).Select(p => p.Name));
        Change("pod gone:", old.Keys.Except(young.Keys).Select(p => p.Name));
        Change(
            "no longer ready:",
            old.Where(e => e.Value.Serves && young.GetValueOrDefault(e.Key) is { Serves: false })
                .Select(e => e.Key.Name)
        );
        Change(
            "ready:",
            old.Where(e => !e.Value.Serves && young.GetValueOrDefault(e.Key) is { Serves: true })
                .Select(e => e.Key.Name)
        );
        Change(
            "other zone hints:",
            old.Where(e =>
                    young.GetValueOrDefault(e.Key) is { } same
                    && !same.Facts.HintedZones.SequenceEqual(e.Value.Facts.HintedZones)
                )
                .Select(e => e.Key.Name)
        );
        if (before.Facts != now.Facts)
            changes.Add("Service changed");
        Change(
            "other HTTP rules for",
            before
                .Clients.Where(c => now.Clients.TryGetValue(c.Key, out var path) && path != c.Value)
                .Select(c => c.Key)
        );
        return changes.Count == 0 ? null : string.Join("; ", changes);
    }
}
