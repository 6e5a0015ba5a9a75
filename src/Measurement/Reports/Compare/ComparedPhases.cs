using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Reports.Compare;

/// <summary>The quantities of a phase in two runs.</summary>
internal static class ComparedPhases
{
    public static void Add(
        PhaseInfo a,
        PhaseInfo b,
        ImmutableArray<ComparedQuantity>.Builder quantities,
        ImmutableArray<string>.Builder unmatched
    )
    {
        quantities.Add(
            Quantity(a.Name, "success rate", "%", Percent(a.SuccessRate), Percent(b.SuccessRate), known: true)
        );
        if (a.Latency is { } before && b.Latency is { } after)
        {
            foreach (
                var (what, x, y) in new[]
                {
                    ("median latency", before.P50, after.P50),
                    ("p90 latency", before.P90, after.P90),
                    ("p99 latency", before.P99, after.P99),
                }
            )
                quantities.Add(Quantity(a.Name, what, "ms", Interval(x), Interval(y), known: true));
        }
        var (selection, delivery) = (Known(a.Selection, b.Selection), Known(a.Delivery, b.Delivery));
        foreach (var (name, x, y) in Pairs(a, b, unmatched))
        {
            quantities.Add(
                Quantity(
                    a.Name,
                    $"share of connections, {name}",
                    "%",
                    Percent(x.SelectionShare),
                    Percent(y.SelectionShare),
                    selection
                )
            );
            quantities.Add(
                Quantity(
                    a.Name,
                    $"share of 2xx, {name}",
                    "%",
                    Percent(x.DeliveryShare),
                    Percent(y.DeliveryShare),
                    delivery
                )
            );
        }
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

    private static ComparedQuantity Quantity(
        string phase,
        string what,
        string unit,
        IntervalInfo a,
        IntervalInfo b,
        bool known
    ) =>
        new(
            phase,
            what,
            unit,
            a,
            b,
            !known ? Change.NoErrorProbability
                : b.Lower > a.Upper ? Change.Higher
                : b.Upper < a.Lower ? Change.Lower
                : Change.NotShown
        );

    private static bool Known(VerdictInfo a, VerdictInfo b) =>
        a.ErrorProbability is not null && b.ErrorProbability is not null;

    private static IntervalInfo Percent(IntervalInfo share) =>
        new(share.Estimate * 100, share.Lower * 100, share.Upper * 100);

    private static IntervalInfo Interval(QuantileMs quantile) => new(quantile.Estimate, quantile.Lower, quantile.Upper);
}
