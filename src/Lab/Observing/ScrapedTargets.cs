using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// Sorts the series of a Prometheus by the targets that they were scraped from, and makes rounds of them. Only this
/// cluster's agents and the Service's Pods are targets. A target may have several feeds: replicas of a Prometheus, or
/// two jobs, scrape the same process. One feed counts at a time, the others are its stand-ins.
/// </summary>
internal sealed class ScrapedTargets
{
    private const int MaxRounds = 20_000,
        FewGaps = 5;

    private static readonly string[] s_nodeLabels = ["kubernetes_node_name", "node", "nodename", "kubernetes_node"],
        s_podLabels = ["kubernetes_pod_name", "pod", "pod_name"],
        s_namespaceLabels = ["kubernetes_namespace", "namespace"];

    private readonly ServiceObjectsRead _objects;
    private readonly ServicePods _pods;
    private readonly ObserveOptions _options;
    private readonly Dictionary<ScrapeTarget, List<ScrapedFeed>> _targets = [];
    private readonly HubbleNotes _notes;

    /// <param name="objects">The cluster's objects.</param>
    /// <param name="options">The Pods' own counter, and whether names may be shown.</param>
    /// <param name="series">All series, each once.</param>
    /// <param name="notes">Gets what a reader must know of the series.</param>
    public ScrapedTargets(
        ServiceObjectsRead objects,
        ObserveOptions options,
        IReadOnlyCollection<RawSeries> series,
        HubbleNotes notes
    )
    {
        (_objects, _options, _notes) = (objects, options, notes);
        _pods = new ServicePods(objects.Service);
        var ups = series.Where(s => s.Metric == ScrapedFeed.Up && TargetOf(s) is not null).ToList();
        var counters = series.Where(s => s.Metric != ScrapedFeed.Up).ToList();
        // Target labels are those of `up`: a metric's own labels, and those that a relabelling added, are none of them.
        var ofTargets = ups.SelectMany(u => u.Labels.Keys).ToHashSet(StringComparer.Ordinal);
        foreach (var one in counters)
            AddCounter(one, ofTargets);
        // A Pod may serve metrics of several kinds: only jobs that scrape counters are targets.
        var jobs = _targets.SelectMany(t => t.Value.Select(f => (t.Key.Kind, Job: f["job"]))).ToHashSet();
        foreach (var one in ups)
        {
            if (TargetOf(one) is { } found && jobs.Contains((found.Target.Kind, one["job"])))
                FeedOf(found.Target, found.Rank, one, ofTargets).AddUp(one);
        }
        // Without agents to compare with, only what counts requests to the Service is of this cluster.
        if (objects.Agents.IsEmpty)
        {
            var strange = _targets.Where(t => t.Key.Kind is TargetKind.Hubble && t.Value.All(f => f.Counts == 0));
            foreach (var (target, _) in strange.ToList())
                _targets.Remove(target);
        }
        foreach (var feeds in _targets.Values)
            feeds.Sort(ScrapedFeed.BestFirst);
        NoteOtherAddresses();
    }

    /// <summary>
    /// One round for each scrape interval of the slowest target (the median time between two of its scrapes): jobs have
    /// intervals of their own. Each has the newest scrape of every target, unless that is older than one and a half of
    /// the target's intervals.
    /// </summary>
    /// <param name="after">No round is at or before this moment, s since 1970.</param>
    /// <param name="end">No round is after this moment, s since 1970.</param>
    public IReadOnlyList<ScrapeRound> Rounds(double after, double end)
    {
        var gaps = _targets.ToDictionary(t => t.Key, t => Gaps(t.Value));
        var all = gaps.Values.SelectMany(g => g).Order().ToList();
        if (all.Count == 0)
            return [];
        // A target that was scraped a few times has no interval of its own.
        var intervals = gaps.ToDictionary(g => g.Key, g => Median(g.Value.Count < FewGaps ? all : g.Value));
        var earliest = _targets.Values.SelectMany(t => t).Min(f => f.First);
        var first = Math.Max(double.IsNegativeInfinity(after) ? earliest : after, earliest);
        var interval = Math.Max(intervals.Values.Max(), (end - first) / MaxRounds);
        var readers = _targets
            .OrderBy(t => t.Key.Kind)
            .ThenBy(t => t.Key.Name, StringComparer.Ordinal)
            .Select(t => new TargetReader(
                t.Key,
                t.Value,
                Math.Max(intervals[t.Key], (end - first) / MaxRounds),
                _options.Redact
            ))
            .ToList();
        List<ScrapeRound> rounds = [];
        for (var at = first + interval; at <= end; at += interval)
            rounds.Add(new ScrapeRound(at, [.. readers.Select(r => r.At(at))]));
        return rounds;
    }

    private static List<double> Gaps(List<ScrapedFeed> feeds) =>
        [.. feeds.SelectMany(f => f.Gaps()).Where(g => g > 0.1).Order()];

    private static double Median(List<double> ordered) => ordered[ordered.Count / 2];

    /// <summary>
    /// A choice of labels is that of another cluster if it leaves no series that was scraped from one of the agents.
    /// </summary>
    private void NoteOtherAddresses()
    {
        var feeds = _targets.Where(t => t.Key.Kind is TargetKind.Hubble).SelectMany(t => t.Value).ToList();
        var chosen = _options.Prometheus?.Labels ?? [];
        if (chosen.IsEmpty || _objects.Agents.IsEmpty || feeds.Count == 0)
            return;
        if (!feeds.TrueForAll(f => f is { Rank: FeedRank.Pod or FeedRank.Node, HasAddress: true }))
            return;
        _notes.Add(
            _options.Redact
                ? "the chosen series were scraped from addresses that are none of this cluster's agents: they are "
                    + "probably another cluster's; check --prometheus-label"
                : $"the series with {string.Join(", ", chosen.Select(l => $"{l.Key}=\"{l.Value}\""))} were scraped from "
                    + $"{feeds[0]["instance"]}, which is an address of none of this cluster's agents (as "
                    + $"{_objects.Agents[0].Addresses.FirstOrDefault()}): they are probably another cluster's; check "
                    + "--prometheus-label"
        );
    }

    private void AddCounter(RawSeries series, HashSet<string> ofTargets)
    {
        if (series.Metric == _options.BackendMetric)
        {
            if (BackendOf(series) is var (target, rank))
            {
                var key = new CounterKey(CounterKind.Reached, target, Pod: target.Name);
                FeedOf(target, rank, series, ofTargets).Add(series, key);
            }
            return;
        }
        if (AgentOf(series) is not { } found)
            return;
        var reading = HubbleSamples.Read(series.Metric, label => series[label], found.Target, _pods);
        _notes.Add(reading);
        if (reading.Key is not { } counter && reading.Problem is null)
            return;
        FeedOf(found.Target, found.Rank, series, ofTargets).Add(series, reading.Key, reading.Problem);
    }

    private ScrapedFeed FeedOf(ScrapeTarget target, FeedRank rank, RawSeries series, HashSet<string> ofTargets)
    {
        if (!_targets.TryGetValue(target, out var feeds))
            _targets[target] = feeds = [];
        var labels = ScrapedFeed.TargetLabels(series, ofTargets);
        var feed = feeds.Find(f => f.Has(labels));
        if (feed is null)
            feeds.Add(feed = new ScrapedFeed(rank, labels));
        return feed;
    }

    private (ScrapeTarget Target, FeedRank Rank)? TargetOf(RawSeries up) => BackendOf(up) ?? AgentOf(up);

    /// <summary>
    /// The agent that a series was scraped from, by its Pod, its address or, with less certainty, its node. Agents of
    /// another cluster may have the same Prometheus: they are none.
    /// </summary>
    private (ScrapeTarget Target, FeedRank Rank)? AgentOf(RawSeries series)
    {
        var (node, pod, ns) = (
            Label(series, s_nodeLabels),
            Label(series, s_podLabels),
            Label(series, s_namespaceLabels)
        );
        var host = Host(series["instance"]);
        var agents = _objects.Agents;
        if (agents.IsEmpty)
        {
            var name = node.Length > 0 ? node : series["instance"];
            return name.Length > 0 ? (new ScrapeTarget(TargetKind.Hubble, name), FeedRank.Node) : null;
        }
        (ScrapeTarget, FeedRank)? Of(FeedRank rank, Func<ObservedAgent, bool> fits) =>
            agents.FirstOrDefault(fits) is { } agent ? (new ScrapeTarget(TargetKind.Hubble, agent.Node), rank) : null;
        bool IsPod(ObservedAgent a) => a.Pod == pod && (ns.Length == 0 || ns == a.Namespace);
        return Of(FeedRank.PodAtAddress, a => IsPod(a) && a.Addresses.Contains(host))
            ?? Of(FeedRank.Pod, IsPod)
            ?? Of(FeedRank.Address, a => a.Addresses.Contains(host) || a.Node == host)
            ?? Of(FeedRank.Node, a => a.Node == node);
    }

    private (ScrapeTarget Target, FeedRank Rank)? BackendOf(RawSeries series)
    {
        var ns = Label(series, s_namespaceLabels);
        var name = $"{(ns.Length > 0 ? ns : _objects.Service.Namespace)}/{Label(series, s_podLabels)}";
        if (!_pods.Names.Contains(name))
            return null;
        var isAtAddress = _pods.Find(new HubblePeer("", Host(series["instance"]))) == name;
        return (new ScrapeTarget(TargetKind.Backend, name), isAtAddress ? FeedRank.PodAtAddress : FeedRank.Pod);
    }

    private static string Label(RawSeries series, string[] names) =>
        names.Select(n => series[n]).FirstOrDefault(v => v.Length > 0) ?? "";

    /// <summary>The host of an <c>instance</c>, without its port.</summary>
    internal static string Host(string instance) =>
        instance.LastIndexOf(':') is > 0 and var colon && instance.IndexOf(']', StringComparison.Ordinal) < colon
            ? instance[..colon].Trim('[', ']')
            : instance.Trim('[', ']');

    /// <summary>Reads the feeds of a target round by round, forwards.</summary>
    private sealed class TargetReader
    {
        private readonly ScrapeTarget _target;
        private readonly List<ScrapedFeed> _feeds;
        private readonly double _window,
            _certain;
        private readonly string? _conflict;
        private double _last = double.NegativeInfinity;

        public TargetReader(ScrapeTarget target, List<ScrapedFeed> feeds, double interval, bool redact)
        {
            // Another cluster's may have the same name, and then it has an address that is not the target's.
            if (feeds[0].Rank is FeedRank.PodAtAddress)
                feeds = feeds.FindAll(f => f.Rank is not FeedRank.Pod || !f.HasAddress && f.Agrees(feeds[0], interval));
            (_target, _feeds, _window) = (target, feeds, 1.5 * interval);
            var best = feeds.TakeWhile(f => f.Rank == feeds[0].Rank).ToList();
            _certain = best.Min(f => f.First);
            var other = best.Skip(1).FirstOrDefault(f => !f.Agrees(best[0], interval));
            if (other is not null)
                _conflict = best[0].ConflictWith(other, redact);
        }

        public TargetScrape At(double at)
        {
            if (_conflict is not null)
                return TargetScrape.Failed(_target, _conflict);
            var error = "no sample in Prometheus";
            foreach (var feed in _feeds)
            {
                // What is attributed by its node alone may be the agent's predecessor, and nothing else.
                var to =
                    feed.Rank >= FeedRank.Pod || feed.Rank == _feeds[0].Rank
                        ? at
                        : Math.Min(at, Math.BitDecrement(_certain));
                if (feed.Newest(Math.Max(_last, at - _window), to) is not { } newest)
                    continue;
                var scrape = feed.Scrape(_target, newest);
                if (scrape.Counters is null)
                {
                    error = scrape.Error;
                    continue;
                }
                _last = newest;
                return scrape;
            }
            return TargetScrape.Failed(_target, error);
        }
    }
}
