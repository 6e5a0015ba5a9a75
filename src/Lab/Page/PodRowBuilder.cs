using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Page;

/// <summary>The rows of the page: one for each Pod, or for each node where there are many Pods, or for the nodes together that are too many as well.</summary>
internal static class PodRowBuilder
{
    /// <summary>Most rows.</summary>
    public const int Most = 20;

    /// <summary>Key of the row of each Pod (<c>namespace/pod</c>), in the order of the rows.</summary>
    /// <param name="pods">The Pods, or something of each.</param>
    /// <param name="podOf">The Pod.</param>
    /// <param name="clientNode">Node of the load test, which comes first.</param>
    /// <param name="grouped">Whether many Pods are put together by their nodes.</param>
    public static ImmutableArray<IGrouping<string, T>> Group<T>(
        ImmutableArray<T> pods,
        Func<T, BackendPod> podOf,
        string clientNode,
        bool grouped = true
    )
    {
        if (!grouped || pods.Length <= Most)
            return [.. pods.GroupBy(p => podOf(p).HubbleName, StringComparer.Ordinal)];
        var nodes = pods.Select(p => podOf(p).Node)
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(n => n == clientNode)
            .ThenBy(n => n, StringComparer.Ordinal)
            .ToList();
        var shown = nodes.Count <= Most ? nodes : nodes[..(Most - 1)];
        var others = $"{nodes.Count - shown.Count} other nodes";
        return
        [
            .. pods.OrderByDescending(p => podOf(p).Node == clientNode)
                .ThenBy(p => podOf(p).Node, StringComparer.Ordinal)
                .GroupBy(p => shown.Contains(podOf(p).Node) ? podOf(p).Node : others, StringComparer.Ordinal),
        ];
    }

    /// <summary>The rows.</summary>
    /// <param name="phase">The current phase.</param>
    /// <param name="live">What the client sees.</param>
    /// <param name="then">Counters a few seconds ago; null when there are none.</param>
    /// <param name="now">Counters now; null when there are none.</param>
    /// <param name="grouped">Whether many Pods are put together by their nodes.</param>
    public static ImmutableArray<PageRow> Of(
        PhaseReport phase,
        LiveRates live,
        SeriesSample? then,
        SeriesSample? now,
        bool grouped = true
    )
    {
        var rates = live
            .Pods.Where(p => p.Pod is not null)
            .GroupBy(p => p.Pod!.HubbleName)
            .ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        var shares = phase.Delivery.Successes.Shares;
        var positions = phase
            .Pods.Select((p, i) => (p.Pod.HubbleName, i))
            .ToDictionary(p => p.HubbleName, p => p.i, StringComparer.Ordinal);
        var all = RunStatus.OfferedPerSecond(phase, live);
        return
        [
            .. Group(phase.Pods, p => p.Pod, phase.Pods.FirstOrDefault(p => p.OnClientNode)?.Pod.Node ?? "", grouped)
                .Select(group =>
                {
                    var (first, one) = (group.First(), group.Count() == 1);
                    var share = one ? shares[positions[first.Pod.HubbleName]] : null;
                    var expected = group.Sum(p => shares[positions[p.Pod.HubbleName]].Expected);
                    var ok = live.Pods.IsEmpty
                        ? group.Sum(p => p.Ok) / Math.Max(phase.Seconds, 1e-9)
                        : group.Sum(p => rates.GetValueOrDefault(p.Pod.HubbleName)?.OkPerSecond ?? 0);
                    var slowest = group
                        .Select(p => rates.GetValueOrDefault(p.Pod.HubbleName))
                        .Where(r => r?.P99Ms is not null)
                        .MaxBy(r => r!.P99Ms);
                    double Rate(Func<PodCounts, double> count) =>
                        then is null || now is null || now.At <= then.At
                            ? 0
                            : Math.Max(
                                0,
                                group.Sum(p => Count(now, p, count) - Count(then, p, count)) / (now.At - then.At)
                            );
                    return new PageRow(
                        group.Key,
                        one ? first.Pod.Name : group.Key,
                        group.All(p => p.Pod.Node == first.Pod.Node) ? first.Pod.Node : group.Key,
                        first.OnClientNode,
                        group.Count(),
                        RunStatus.StateOf(
                            ok,
                            group.Sum(p => p.Ok),
                            all * expected,
                            phase.Requests * expected,
                            live.Window
                        ),
                        Round(ok),
                        Round(Rate(c => c.Responses.Where(r => r.Key >= 500).Sum(r => r.Value))),
                        Round(Rate(c => c.Echo)),
                        Round(Rate(c => c.Requests)),
                        phase.Ok == 0 ? null : Round((double)group.Sum(p => p.Ok) / phase.Ok, 4),
                        share is null ? null : Round(share.Share.Lower, 4),
                        share is null ? null : Round(share.Share.Upper, 4),
                        Round(expected, 4),
                        slowest?.P50Ms is { } p50 ? Round(p50) : null,
                        slowest?.P99Ms is { } p99 ? Round(p99) : null
                    );
                }),
        ];
    }

    private static double Count(SeriesSample sample, PodPhase pod, Func<PodCounts, double> count) =>
        sample.Pods.TryGetValue(pod.Pod.HubbleName, out var counts) ? count(counts) : 0;

    private static double Round(double value, int digits = 2) => double.IsFinite(value) ? Math.Round(value, digits) : 0;
}
