using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// Rounds from the samples a Prometheus has scraped: the raw samples of the three metrics of cil#14268's graphs, so that no rate() extrapolates, and of <c>up</c>, which says when a target was not reached.
/// </summary>
internal sealed class PrometheusScrapes(
    PrometheusApi prometheus,
    ObserveOptions options,
    RequestBudget budget,
    TimeProvider time
) : ICounterSource, IDisposable
{
    private static readonly string[] s_nodeLabels = ["kubernetes_node_name", "node", "nodename", "kubernetes_node"];
    private static readonly string[] s_podLabels = ["kubernetes_pod_name", "pod", "pod_name"];

    /// <summary>The newest samples may not be there yet.</summary>
    private static readonly TimeSpan s_behind = TimeSpan.FromSeconds(2);

    private DateTimeOffset? _read;
    private double _lastRound = double.NegativeInfinity;

    public string Description => $"the samples of Prometheus {prometheus.Address}";

    public int RequestsPerReading => 5;

    public async Task<IReadOnlyList<(DateTimeOffset At, ScrapeRound Round)>> ReadAsync(
        ServiceObjectsRead objects,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        await budget.TakeAsync(RequestsPerReading, cancellationToken);
        var now = time.GetUtcNow() - s_behind;
        // Some scrapes more than are new, so that a round finds the last sample before it.
        var from = _read is { } last ? last - TimeSpan.FromMinutes(2) : since;
        var (end, window) = (Seconds(now), (now - (from > since ? from : since)).TotalSeconds);
        if (window < 1)
            return [];
        _read = now;
        var names = string.Join('|', objects.Service.Endpoints.Select(e => Regex.Escape(e.Pod.HubbleName)));
        var pods = $"\"{names.Replace("\\", "\\\\", StringComparison.Ordinal)}\"";
        Task<ImmutableArray<RawSeries>> Ask(string selector) =>
            prometheus.SamplesAsync(selector, window, end, cancellationToken);
        var hubble = (await Ask($"{HubbleSamples.Requests}{{destination=~{pods}}}"))
            .AddRange(await Ask($"{HubbleSamples.Responses}{{source=~{pods}}}"))
            .AddRange(await Ask(HubbleSamples.Lost));
        var backends = options.BackendMetric.Length > 0 ? await Ask(options.BackendMetric) : [];
        var up = await Ask("up");
        var samples = new PrometheusTargetsOf(objects);
        foreach (var series in hubble)
            samples.Hubble(series, Label(series, s_nodeLabels), Label(series, s_podLabels));
        foreach (var series in backends)
            samples.Backend(series, Label(series, ["kubernetes_namespace", "namespace"]), Label(series, s_podLabels));
        foreach (var series in up)
            samples.Up(series);
        var rounds = samples.Rounds(Math.Max(Seconds(since), _lastRound), end);
        if (rounds.Count > 0)
            _lastRound = rounds[^1].At;
        return [.. rounds.Select(r => (DateTimeOffset.UnixEpoch.AddSeconds(r.At), r with { At = 0 }))];
    }

    private static string Label(RawSeries series, string[] names) =>
        names.Select(n => series[n]).FirstOrDefault(v => v.Length > 0) ?? "";

    private static double Seconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).TotalSeconds;

    public void Dispose() => prometheus.Dispose();
}

/// <summary>Sorts series by the targets they were scraped from, and makes rounds of them.</summary>
/// <param name="objects">The cluster's objects, which say what runs where.</param>
internal sealed class PrometheusTargetsOf(ServiceObjectsRead objects)
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

    /// <summary>A series of Hubble's.</summary>
    public void Hubble(RawSeries series, string node, string pod)
    {
        // Which node? Its label, else the agent's Pod, else the agent's address.
        var agent = objects.Agents.FirstOrDefault(a => a.Pod == pod)
            ?? objects.Agents.FirstOrDefault(a => a.Addresses.Contains(Host(series["instance"])));
        var known = node.Length > 0 && objects.Agents.Any(a => a.Node == node) ? node : agent?.Node ?? node;
        if (known.Length == 0)
            known = series["instance"];
        var target = new ScrapeTarget(TargetKind.Hubble, known);
        if (HubbleSamples.Key(series["__name__"], label => series[label], target) is { } key)
            Add(series, key);
    }

    /// <summary>A series of a backend's own counter.</summary>
    public void Backend(RawSeries series, string ns, string pod)
    {
        var name = $"{(ns.Length > 0 ? ns : objects.Service.Namespace)}/{pod}";
        if (_pods.Contains(name))
            Add(series, new CounterKey(CounterKind.Reached, new ScrapeTarget(TargetKind.Backend, name), Pod: name));
    }

    /// <summary>Whether targets were reached: of those that have a series, and of agents that have none because no client or backend is on their node.</summary>
    public void Up(RawSeries series)
    {
        var hubbleJobs = _byInstance
            .Where(i => i.Value.Kind is TargetKind.Hubble)
            .Select(i => i.Key.Job)
            .ToHashSet(StringComparer.Ordinal);
        if (!_byInstance.TryGetValue((series["job"], series["instance"]), out var target))
        {
            if (!hubbleJobs.Contains(series["job"]))
                return;
            var agent = objects.Agents.FirstOrDefault(a =>
                a.Pod == series["kubernetes_pod_name"]
                || a.Pod == series["pod"]
                || a.Addresses.Contains(Host(series["instance"]))
            );
            if (agent is null)
                return;
            target = new ScrapeTarget(TargetKind.Hubble, agent.Node);
        }
        var scraped = Of(target);
        foreach (var (at, value) in series.Samples)
            scraped.Up[at] = value > 0;
    }

    /// <summary>One round for each scrape interval (the median time between two scrapes), after a moment and up to another. A target's part of it is its newest scrape, unless that is older than one and a half intervals.</summary>
    public IReadOnlyList<ScrapeRound> Rounds(double after, double end)
    {
        var interval = Interval();
        if (double.IsNaN(interval))
            return [];
        List<ScrapeRound> rounds = [];
        var first = double.IsNegativeInfinity(after) ? end : after;
        var earliest = _targets.Values.SelectMany(Times).DefaultIfEmpty(end).Min();
        for (var at = Math.Max(first, earliest) + interval; at <= end; at += interval)
            rounds.Add(
                new ScrapeRound(
                    at,
                    [
                        .. _targets
                            .OrderBy(t => t.Key.Kind)
                            .ThenBy(t => t.Key.Name, StringComparer.Ordinal)
                            .Select(t => Scrape(t.Key, t.Value, at, interval)),
                    ]
                )
            );
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

    /// <summary>When a target was scraped: <c>up</c> says so; without it the times of its series.</summary>
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
