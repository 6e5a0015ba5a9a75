using System.Collections.Immutable;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>Sorts series by the targets that they were scraped from, and makes rounds of them.</summary>
/// <param name="objects">The cluster's objects.</param>
internal sealed class ScrapedTargets(ServiceObjectsRead objects)
{
    private sealed class Scraped
    {
        public SortedDictionary<double, List<(CounterKey Key, double Value, string Name)>> At { get; } = [];
        public SortedDictionary<double, bool> Up { get; } = [];

        public List<(CounterKey Key, double Value, string Name)> Samples(double at) =>
            At.TryGetValue(at, out var samples) ? samples : At[at] = [];
    }

    private readonly Dictionary<ScrapeTarget, Scraped> _targets = [];
    private readonly Dictionary<(string Job, string Instance), ScrapeTarget> _byInstance = [];
    private readonly HashSet<string> _pods = [.. objects.Service.Endpoints.Select(e => e.Pod.HubbleName)];

    /// <summary>Adds a series of Hubble.</summary>
    public void Hubble(RawSeries series, string node, string pod)
    {
        // The node is known from its label, else from the agent's Pod, else from the agent's address.
        var agent = objects.Agents.FirstOrDefault(a => a.Pod == pod)
            ?? objects.Agents.FirstOrDefault(a => a.Addresses.Contains(Host(series["instance"])));
        var known = node.Length > 0 && objects.Agents.Any(a => a.Node == node) ? node : agent?.Node ?? node;
        if (known.Length == 0)
            known = series["instance"];
        var target = new ScrapeTarget(TargetKind.Hubble, known);
        if (HubbleSamples.Key(series["__name__"], label => series[label], target) is { } key)
            Add(series, key);
    }

    /// <summary>Adds a series of a backend's own counter.</summary>
    public void Backend(RawSeries series, string ns, string pod)
    {
        var name = $"{(ns.Length > 0 ? ns : objects.Service.Namespace)}/{pod}";
        if (_pods.Contains(name))
            Add(series, new CounterKey(CounterKind.Reached, new ScrapeTarget(TargetKind.Backend, name), Pod: name));
    }

    /// <summary>
    /// Adds a series of <c>up</c>: of a target that has series, or of an agent that has none because no client and no
    /// backend is on its node.
    /// </summary>
    public void Up(RawSeries series)
    {
        if (TargetOf(series) is not { } target)
            return;
        var scraped = Of(target);
        foreach (var (at, value) in series.Samples)
            scraped.Up[at] = value > 0;
    }

    private ScrapeTarget? TargetOf(RawSeries up)
    {
        var (job, instance) = (up["job"], up["instance"]);
        if (_byInstance.TryGetValue((job, instance), out var known))
            return known;
        if (!_byInstance.Any(i => i.Key.Job == job && i.Value.Kind is TargetKind.Hubble))
            return null;
        var agent = objects.Agents.FirstOrDefault(a =>
            a.Pod == up["kubernetes_pod_name"] || a.Pod == up["pod"] || a.Addresses.Contains(Host(instance))
        );
        return agent is null ? null : new ScrapeTarget(TargetKind.Hubble, agent.Node);
    }

    /// <summary>
    /// One round for each scrape interval (the median time between two scrapes). Each has the newest scrape of every
    /// target, unless that is older than one and a half intervals.
    /// </summary>
    /// <param name="after">No round is at or before this moment, s since 1970.</param>
    /// <param name="end">No round is after this moment, s since 1970.</param>
    public IReadOnlyList<ScrapeRound> Rounds(double after, double end)
    {
        var interval = Interval();
        if (double.IsNaN(interval))
            return [];
        List<ScrapeRound> rounds = [];
        var targets = _targets.OrderBy(t => t.Key.Kind).ThenBy(t => t.Key.Name, StringComparer.Ordinal).ToList();
        var first = double.IsNegativeInfinity(after) ? end : after;
        var earliest = _targets.Values.SelectMany(Times).DefaultIfEmpty(end).Min();
        for (var at = Math.Max(first, earliest) + interval; at <= end; at += interval)
            rounds.Add(new ScrapeRound(at, [.. targets.Select(t => Scrape(t.Key, t.Value, at, interval))]));
        return rounds;
    }

    private static TargetScrape Scrape(ScrapeTarget target, Scraped scraped, double at, double interval)
    {
        var newest = Times(scraped).Where(t => t <= at && t > at - 1.5 * interval).DefaultIfEmpty(double.NaN).Max();
        if (double.IsNaN(newest))
            return TargetScrape.Failed(target, "no sample in Prometheus");
        if (scraped.Up.TryGetValue(newest, out var up) && !up)
            return TargetScrape.Failed(target, "up is 0");
        var counters = ImmutableDictionary.CreateBuilder<CounterKey, double>();
        foreach (var (key, value, name) in scraped.At.GetValueOrDefault(newest) ?? [])
        {
            if (HubbleSamples.Add(counters, name, key, value) is { } problem)
                return TargetScrape.Failed(target, problem);
        }
        return new TargetScrape(target, counters.ToImmutable());
    }

    /// <summary>When a target was scraped: the times of <c>up</c>; without it, those of its series.</summary>
    private static IEnumerable<double> Times(Scraped scraped) =>
        scraped.Up.Count > 0 ? scraped.Up.Keys : scraped.At.Keys;

    private double Interval()
    {
        var gaps = _targets
            .Values.SelectMany(t => Times(t).Zip(Times(t).Skip(1), (a, b) => b - a))
            .Where(g => g > 0.1)
            .Order()
            .ToList();
        return gaps.Count == 0 ? double.NaN : gaps[gaps.Count / 2];
    }

    private void Add(RawSeries series, CounterKey key)
    {
        _byInstance[(series["job"], series["instance"])] = key.Target;
        var scraped = Of(key.Target);
        foreach (var (at, value) in series.Samples)
            scraped.Samples(at).Add((key, value, series["__name__"]));
    }

    private Scraped Of(ScrapeTarget target) =>
        _targets.TryGetValue(target, out var scraped) ? scraped : _targets[target] = new Scraped();

    private static string Host(string instance) =>
        instance.LastIndexOf(':') is > 0 and var colon ? instance[..colon].Trim('[', ']') : instance;
}
