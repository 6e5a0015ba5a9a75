using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Reports.Compare;

/// <summary>The quantities of a phase in two runs.</summary>
internal static class ComparedPhases
{
    public static void Add(
        PhaseInfo a,
        PhaseInfo b,
        bool isConcluded,
        ImmutableArray<ComparedQuantity>.Builder quantities,
        ImmutableArray<string>.Builder unmatched
    )
    {
        void Compare(string what, string unit, IntervalInfo x, IntervalInfo y, bool known = true) =>
            quantities.Add(
                new(a.Name, what, unit, x, y, isConcluded && known ? ChangeOf(x, y) : Change.NoErrorProbability)
            );
        Compare("success rate", "%", Percent(a.SuccessRate), Percent(b.SuccessRate));
        if (a.Latency is { } before && b.Latency is { } after)
        {
            Compare("median latency", "ms", Interval(before.P50), Interval(after.P50));
            Compare("p90 latency", "ms", Interval(before.P90), Interval(after.P90));
            Compare("p99 latency", "ms", Interval(before.P99), Interval(after.P99));
        }
        var (selection, delivery) = (Known(a.Selection, b.Selection), Known(a.Delivery, b.Delivery));
        foreach (var (name, x, y) in Pairs(a, b, unmatched))
        {
            var (chosen, answered) = ($"share of connections, {name}", $"share of successes, {name}");
            Compare(chosen, "%", Percent(x.SelectionShare), Percent(y.SelectionShare), selection);
            Compare(answered, "%", Percent(x.DeliveryShare), Percent(y.DeliveryShare), delivery);
        }
    }

    /// <summary>The success rate of many phases together; nothing where neither run has a request.</summary>
    public static void AddCounts(
        string what,
        (long Ok, long Requests) a,
        (long Ok, long Requests) b,
        bool isConcluded,
        ImmutableArray<ComparedQuantity>.Builder quantities
    )
    {
        if (a.Requests == 0 && b.Requests == 0)
            return;
        static IntervalInfo Rate((long Ok, long Requests) counts)
        {
            var rate = Proportion.Interval(
                Math.Min(counts.Ok, counts.Requests),
                counts.Requests,
                VerdictOptions.Default.ErrorProbability
            );
            return Percent(new(double.IsFinite(rate.Estimate) ? rate.Estimate : null, rate.Lower, rate.Upper));
        }
        var (x, y) = (Rate(a), Rate(b));
        quantities.Add(new(what, "success rate", "%", x, y, isConcluded ? ChangeOf(x, y) : Change.NoErrorProbability));
    }

    /// <summary>Pods of the same name; where names differ (they are new in every run), the only Pods of the same
    /// node.</summary>
    private static List<(string Name, PodInfo A, PodInfo B)> Pairs(
        PhaseInfo a,
        PhaseInfo b,
        ImmutableArray<string>.Builder unmatched
    )
    {
        var left = b.Pods.ToList();
        List<(string, PodInfo, PodInfo)> pairs = [];
        foreach (var pod in a.Pods)
        {
            var named = left.Find(p => p.HubbleName == pod.HubbleName);
            var alone =
                a.Pods.Count(p => p.Node == pod.Node) == 1 && b.Pods.Count(p => p.Node == pod.Node) == 1
                    ? left.Find(p => p.Node == pod.Node)
                    : null;
            if ((named ?? alone) is not { } match)
            {
                unmatched.Add($"{a.Name}: {pod.HubbleName} on {pod.Node} has no counterpart in the second run");
                continue;
            }
            left.Remove(match);
            pairs.Add((named is null ? $"pod on {pod.Node}" : pod.Name, pod, match));
        }
        unmatched.AddRange(
            left.Select(p => $"{a.Name}: {p.HubbleName} on {p.Node} has no counterpart in the first run")
        );
        return pairs;
    }

    private static Change ChangeOf(IntervalInfo a, IntervalInfo b)
    {
        if (b.Lower > a.Upper)
            return Change.Higher;
        return b.Upper < a.Lower ? Change.Lower : Change.NotShown;
    }

    private static bool Known(VerdictInfo a, VerdictInfo b) =>
        a.ErrorProbability is not null && b.ErrorProbability is not null;

    private static IntervalInfo Percent(IntervalInfo share) =>
        new(share.Estimate * 100, share.Lower * 100, share.Upper * 100);

    private static IntervalInfo Interval(QuantileMs quantile) => new(quantile.Estimate, quantile.Lower, quantile.Upper);
}
