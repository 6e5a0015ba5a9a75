using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// The rows of the page: one for each Pod; with many Pods, one for each node; with many nodes, the last row is all
/// other nodes.
/// </summary>
internal static class PodRowBuilder
{
    public const int MaxRows = 20;

    /// <summary>Pods that have a row of their own in the heat map; more are left out.</summary>
    public const int MaxPods = 400;

    /// <summary>Key of the row of each Pod (<c>namespace/pod</c>, or a node), in the order of the rows.</summary>
    /// <param name="pods">The Pods, or something of each.</param>
    /// <param name="podOf">The Pod.</param>
    /// <param name="clientNode">Node of the load test, which comes first.</param>
    /// <param name="grouped">Whether many Pods are grouped by their nodes.</param>
    public static ImmutableArray<IGrouping<string, T>> Group<T>(
        ImmutableArray<T> pods,
        Func<T, BackendPod> podOf,
        string clientNode,
        bool grouped = true
    )
    {
        if (!grouped || pods.Length <= MaxRows)
            return [.. pods.GroupBy(p => podOf(p).HubbleName, StringComparer.Ordinal)];
        var byNode = pods.OrderByDescending(p => podOf(p).Node == clientNode)
            .ThenBy(p => podOf(p).Node, StringComparer.Ordinal)
            .ToList();
        var nodes = byNode.Select(p => podOf(p).Node).Distinct(StringComparer.Ordinal).ToList();
        var shown = nodes.Count <= MaxRows ? nodes : nodes[..(MaxRows - 1)];
        var others = $"{nodes.Count - shown.Count} other nodes";
        string RowOf(T pod) => shown.Contains(podOf(pod).Node) ? podOf(pod).Node : others;
        return [.. byNode.GroupBy(RowOf, StringComparer.Ordinal)];
    }

    /// <summary>The rows.</summary>
    /// <param name="phase">The current phase.</param>
    /// <param name="status">The status of the run, which has the state of each Pod.</param>
    /// <param name="live">Rates that the client sees.</param>
    /// <param name="then">Counters a few seconds ago; null when there are none.</param>
    /// <param name="now">Counters now; null when there are none.</param>
    /// <param name="grouped">Whether many Pods are grouped by their nodes.</param>
    public static ImmutableArray<PageRow> Of(
        PhaseReport phase,
        RunStatus status,
        LiveSample live,
        SeriesSample? then,
        SeriesSample? now,
        bool grouped = true
    )
    {
        var clientNode = phase.Pods.FirstOrDefault(p => p.OnClientNode)?.Pod.Node ?? "";
        var build = new Rows(phase, status, live, then, now);
        return [.. Group(phase.Pods, p => p.Pod, clientNode, grouped).Select(build.Row)];
    }

    private sealed class Rows(
        PhaseReport phase,
        RunStatus status,
        LiveSample live,
        SeriesSample? then,
        SeriesSample? now
    )
    {
        private readonly Dictionary<string, PodStatus> _pods = status.Pods.ToDictionary(
            p => p.Pod.HubbleName,
            StringComparer.Ordinal
        );

        private readonly Dictionary<string, LivePod> _rates = live
            .Pods.Where(p => p.Pod is not null)
            .DistinctBy(p => p.Pod!.HubbleName)
            .ToDictionary(p => p.Pod!.HubbleName, StringComparer.Ordinal);

        private readonly Dictionary<string, BackendShare> _shares = phase
            .Pods.Zip(phase.Delivery.Successes.Shares)
            .ToDictionary(p => p.First.Pod.HubbleName, p => p.Second, StringComparer.Ordinal);

        public PageRow Row(IGrouping<string, PodPhase> pods)
        {
            var first = pods.First();
            ShareInterval? share = pods.Count() == 1 ? _shares[first.Pod.HubbleName].Share : null;
            var states = pods.Select(p => _pods[p.Pod.HubbleName]).ToList();
            var okInPhase = pods.Sum(p => p.Ok);
            var rates = pods.Select(p => _rates.GetValueOrDefault(p.Pod.HubbleName)).OfType<LivePod>().ToList();
            var slowest = rates.Select(r => r.LatencyMs).MaxBy(l => l?.P99);
            return new PageRow
            {
                Key = pods.Key,
                Name = pods.Count() == 1 ? first.Pod.Name : pods.Key,
                Node = pods.All(p => p.Pod.Node == first.Pod.Node) ? first.Pod.Node : pods.Key,
                OnClientNode = first.OnClientNode,
                Pods = pods.Count(),
                State = Worst(states),
                OkPerSecond = Round(states.Sum(p => p.OkPerSecond)),
                FailedPerSecond = PerSecond(pods, c => c.Responses.Where(r => r.Key >= 500).Sum(r => r.Value)),
                EchoPerSecond = PerSecond(pods, c => c.Echo),
                HubblePerSecond = PerSecond(pods, c => c.Requests),
                Share = phase.Ok == 0 ? null : Round((double)okInPhase / phase.Ok, 4),
                ShareLower = Round(share?.Lower, 4),
                ShareUpper = Round(share?.Upper, 4),
                Expected = Round(states.Sum(p => p.Expected), 4),
                P50Ms = Round(slowest?.P50),
                P99Ms = Round(slowest?.P99),
            };
        }

        /// <summary>The state of the Pods of a row: silent where all are.</summary>
        private static RowState Worst(List<PodStatus> pods)
        {
            if (pods.TrueForAll(p => p.State is RowState.Silent))
                return RowState.Silent;
            if (pods.Exists(p => p.State is RowState.Silent or RowState.Short))
                return RowState.Short;
            return pods.Exists(p => p.State is RowState.Undecided) ? RowState.Undecided : RowState.Answers;
        }

        private double PerSecond(IEnumerable<PodPhase> pods, Func<PodCounts, double> count)
        {
            if (then is null || now is null || now.At <= then.At)
                return 0;
            double Sum(SeriesSample sample) =>
                pods.Sum(p => sample.Pods.TryGetValue(p.Pod.HubbleName, out var counts) ? count(counts) : 0);
            return Round(Math.Max(0, (Sum(now) - Sum(then)) / (now.At - then.At)));
        }
    }

    private static double? Round(double? value, int digits = 2) => value is { } some ? Round(some, digits) : null;

    private static double Round(double value, int digits = 2) => double.IsFinite(value) ? Math.Round(value, digits) : 0;
}
