using System.Collections.Immutable;

namespace CiliumDebugging.Measurement.Counters;

/// <summary>A Pod that the load may reach.</summary>
public sealed record BackendPod(string Name, string Namespace, string Node)
{
    /// <summary><c>namespace/pod</c>, as Hubble names it.</summary>
    public string HubbleName => $"{Namespace}/{Name}";
}

/// <summary>Hubble's HTTP counts of one node for one backend Pod.</summary>
/// <param name="Node">Node whose proxy counted.</param>
/// <param name="Pod"><c>namespace/pod</c>.</param>
/// <param name="Status">HTTP status; 0 for requests.</param>
public readonly record struct HubbleKey(string Node, string Pod, int Status);

/// <summary>The cumulative counters of a cluster at one moment: Hubble's of every node and the Backends' own. Two of
/// them make a difference (<see cref="Since"/>).</summary>
/// <param name="Requests">hubble_http_requests_total by node and destination Pod.</param>
/// <param name="Responses">hubble_http_responses_total by node, source Pod (the backend: source and destination are
/// swapped there) and status.</param>
/// <param name="EgressFlows">hubble_flows_processed_total of HTTP at the client's side by node; null where the metric
/// has no traffic direction.</param>
/// <param name="Drops">hubble_drop_total by reason, all nodes.</param>
/// <param name="Echo">echo_requests by <c>namespace/pod</c>.</param>
public sealed record ClusterCounters(
    ImmutableDictionary<HubbleKey, double> Requests,
    ImmutableDictionary<HubbleKey, double> Responses,
    ImmutableDictionary<string, double> EgressFlows,
    ImmutableDictionary<string, double> Drops,
    ImmutableDictionary<string, double> Echo
)
{
    public static ClusterCounters Zero { get; } =
        new(
            ImmutableDictionary<HubbleKey, double>.Empty,
            ImmutableDictionary<HubbleKey, double>.Empty,
            ImmutableDictionary<string, double>.Empty,
            ImmutableDictionary<string, double>.Empty,
            ImmutableDictionary<string, double>.Empty
        );

    /// <summary>Nodes whose Hubble metrics could not be read, or began anew in between: nothing of theirs is counted
    /// here.</summary>
    public ImmutableSortedSet<string> MissingNodes { get; init; } = [];

    /// <summary>
    /// Backends that did not answer when their counters were read, by <c>namespace/pod</c>: nothing of theirs is
    /// counted here.
    /// </summary>
    public ImmutableSortedSet<string> SilentPods { get; init; } = [];

    /// <summary>Backends whose counter began anew since the first reading, because they were restarted, by
    /// <c>namespace/pod</c>. In a difference: in between; nothing of theirs is counted there.</summary>
    public ImmutableSortedSet<string> RestartedPods { get; init; } = [];

    /// <summary>Answers with a 5xx that proxies threw away to repeat the request (envoy_cluster_upstream_rq_retry with
    /// reason 5xx), all nodes: requests that reached a backend and answer no client.</summary>
    public double Repeated { get; init; }

    /// <summary>A node's Hubble metrics cannot be read.</summary>
    public ClusterCounters WithoutHubble(string node) => this with { MissingNodes = MissingNodes.Add(node) };

    /// <summary>Adds a scrape of a node's Hubble metrics. One whose statuses are not those of HTTP, or are not there,
    /// makes the node a missing one.</summary>
    public ClusterCounters WithHubble(string node, IEnumerable<PrometheusSample> scrape)
    {
        var (requests, responses) = (Requests.ToBuilder(), Responses.ToBuilder());
        var (egress, drops) = (EgressFlows.ToBuilder(), Drops.ToBuilder());
        var repeated = Repeated;
        foreach (var sample in scrape)
        {
            switch (sample.Name)
            {
                case HubbleHttpSample.Requests or HubbleHttpSample.Responses:
                    if (!AddHttp(requests, responses, node, sample))
                        return WithoutHubble(node);
                    break;
                case "hubble_flows_processed_total"
                    when sample["type"] == "L7" && sample["traffic_direction"] == "egress":
                    Add(egress, node, sample.Value);
                    break;
                case "envoy_cluster_upstream_rq_retry" when sample["reason"] == "5xx":
                    repeated += sample.Value;
                    break;
                case "hubble_drop_total":
                    Add(drops, sample["reason"], sample.Value);
                    break;
            }
        }
        return this with
        {
            Requests = requests.ToImmutable(),
            Responses = responses.ToImmutable(),
            EgressFlows = egress.ToImmutable(),
            Drops = drops.ToImmutable(),
            Repeated = repeated,
        };
    }

    private static bool AddHttp(
        ImmutableDictionary<HubbleKey, double>.Builder requests,
        ImmutableDictionary<HubbleKey, double>.Builder responses,
        string node,
        PrometheusSample sample
    )
    {
        try
        {
            if (HubbleHttpSample.Of(sample.Name, label => sample[label]) is not { } http)
                return true;
            if (http.Status is HubbleHttpSample.UnknownStatus)
                return false;
            if (http.CountsRequests)
                Add(requests, new HubbleKey(node, http.Server.Name, 0), sample.Value);
            if (http.Status is { } status)
                Add(responses, new HubbleKey(node, http.Server.Name, status), sample.Value);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Adds a scrape of a Backend's own metrics.</summary>
    public ClusterCounters WithBackend(BackendPod pod, IEnumerable<PrometheusSample> scrape)
    {
        ArgumentNullException.ThrowIfNull(pod);
        var echo = Echo.ToBuilder();
        foreach (var sample in scrape.Where(s => s.Name == "echo_requests"))
            Add(echo, pod.HubbleName, sample.Value);
        return this with { Echo = echo.ToImmutable() };
    }

    /// <summary>A Backend does not answer.</summary>
    public ClusterCounters WithoutBackend(BackendPod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return this with { SilentPods = SilentPods.Add(pod.HubbleName) };
    }

    /// <summary>What was counted since an earlier moment. A node that was missing at either of the two, or whose agent
    /// was restarted in between, is missing from the difference, and so is a Backend that was silent.</summary>
    public ClusterCounters Since(ClusterCounters earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        var missing = MissingNodes
            .Union(earlier.MissingNodes)
            .Union(Restarted(Requests, earlier.Requests))
            .Union(Restarted(Responses, earlier.Responses));
        var silent = SilentPods.Union(earlier.SilentPods);
        var restarted = RestartedPods
            .Except(earlier.RestartedPods)
            .Union(Echo.Where(e => e.Value < earlier.Echo.GetValueOrDefault(e.Key)).Select(e => e.Key));
        ImmutableDictionary<HubbleKey, double> OfNodes(ImmutableDictionary<HubbleKey, double> counts) =>
            missing.IsEmpty ? counts : counts.RemoveRange(counts.Keys.Where(k => missing.Contains(k.Node)));
        return new ClusterCounters(
            OfNodes(Minus(Requests, earlier.Requests)),
            OfNodes(Minus(Responses, earlier.Responses)),
            Minus(EgressFlows, earlier.EgressFlows).RemoveRange(missing),
            Minus(Drops, earlier.Drops),
            Minus(Echo, earlier.Echo).RemoveRange(silent.Union(restarted))
        )
        {
            MissingNodes = missing,
            SilentPods = silent,
            RestartedPods = restarted,
            Repeated = Repeated - earlier.Repeated,
        };
    }

    private static IEnumerable<string> Restarted(
        ImmutableDictionary<HubbleKey, double> later,
        ImmutableDictionary<HubbleKey, double> earlier
    ) => later.Where(l => l.Value < earlier.GetValueOrDefault(l.Key)).Select(l => l.Key.Node);

    /// <summary>Hubble's requests to a Pod, all nodes.</summary>
    public double RequestsTo(string pod) => Requests.Where(r => r.Key.Pod == pod).Sum(r => r.Value);

    /// <summary>Hubble's responses of a Pod with a status that fits, all nodes.</summary>
    public double ResponsesOf(string pod, Func<int, bool> status) =>
        Responses.Where(r => r.Key.Pod == pod && status(r.Key.Status)).Sum(r => r.Value);

    private static ImmutableDictionary<TKey, double> Minus<TKey>(
        ImmutableDictionary<TKey, double> later,
        ImmutableDictionary<TKey, double> earlier
    )
        where TKey : notnull =>
        later.ToImmutableDictionary(l => l.Key, l => l.Value - earlier.GetValueOrDefault(l.Key));

    private static void Add<TKey>(ImmutableDictionary<TKey, double>.Builder counts, TKey key, double value)
        where TKey : notnull => counts[key] = counts.GetValueOrDefault(key) + value;
}
