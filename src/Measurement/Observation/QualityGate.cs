using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>Whether what was scraped can carry a verdict at all. A view that fails is undecided, with the reason.</summary>
public static class QualityGate
{
    /// <summary>Least part of its scrapes that every target must have answered. A missed scrape loses no counts, but a target that is missing most of the time is not what is judged.</summary>
    public const double MinCoverage = 0.8;

    /// <summary>Most intervals that may be left out because counters began anew.</summary>
    public const double MaxIntervalsLost = 0.1;

    private const int MaxNamed = 5;

    /// <summary>The findings of a view.</summary>
    /// <param name="view">The view.</param>
    /// <param name="service">The Service.</param>
    public static ImmutableArray<QualityFinding> Check(ObservedView view, ObservedService service)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(service);
        List<QualityFinding> findings = [];
        var targets = view.Differences.Targets;
        Coverage(view, targets, findings);
        if (view.Kind is TargetKind.Hubble)
            Hubble(view, service, targets, findings);
        else if (
            service.Facts.InternalLocal
            || service.NodeZones.Count > 0 && service.Endpoints.Any(e => !e.Facts.HintedZones.IsEmpty)
        )
            findings.Add(
                new(
                    true,
                    "the Service keeps traffic on nodes or in zones, and the backends do not know where their clients are: which share each should get is unknown"
                )
            );
        var restarts = targets.Values.Sum(t => t.Restarts);
        var intervals = view.Covered.Intervals + view.Differences.IntervalsLost;
        if (restarts > 0)
            findings.Add(
                new(
                    view.Differences.IntervalsLost > MaxIntervalsLost * intervals,
                    F(
                        $"counters began anew {restarts} time(s) ({Named(targets.Where(t => t.Value.Restarts > 0).Select(t => t.Key.Name))}): {view.Differences.IntervalsLost} of {intervals} scrape intervals are left out"
                    )
                )
            );
        if (
            view.Delivery.Shares.Intervals < RatioSums.MinIntervals
            && view.Selection.Shares.Intervals < RatioSums.MinIntervals
        )
            findings.Add(
                new(
                    true,
                    F(
                        $"{Math.Max(view.Delivery.Shares.Intervals, view.Selection.Shares.Intervals)} scrape intervals with requests are too few for an asymptotic verdict (at least {RatioSums.MinIntervals})"
                    )
                )
                {
                    Early = true,
                }
            );
        return [.. findings];
    }

    private static void Coverage(
        ObservedView view,
        Dictionary<ScrapeTarget, TargetRecord> targets,
        List<QualityFinding> findings
    )
    {
        if (targets.Count == 0)
            findings.Add(
                new(
                    true,
                    view.Kind is TargetKind.Hubble
                        ? "no agent's Hubble metrics are known"
                        : "no backend's metrics are known"
                )
            );
        var missing = targets
            .Where(t => t.Value.Reads < MinCoverage * t.Value.Attempts)
            .OrderBy(t => t.Key.Name, StringComparer.Ordinal)
            .ToList();
        foreach (var (target, record) in missing.Take(MaxNamed))
            findings.Add(
                new(
                    true,
                    F(
                        $"{(target.Kind is TargetKind.Hubble ? "Hubble of node" : "backend")} {target.Name}: {record.Reads} of {record.Attempts} scrapes{(record.LastError.Length > 0 ? $" ({record.LastError})" : "")}"
                    )
                )
            );
        if (missing.Count > MaxNamed)
            findings.Add(new(true, F($"{missing.Count - MaxNamed} more targets were scraped too rarely")));
    }

    private static void Hubble(
        ObservedView view,
        ObservedService service,
        Dictionary<ScrapeTarget, TargetRecord> targets,
        List<QualityFinding> findings
    )
    {
        var nodes = targets.Keys.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var without = service
            .Endpoints.Select(e => e.Pod.Node)
            .Concat(service.Clients.Values.Select(c => c.Node ?? ""))
            .Where(n => n.Length > 0 && !nodes.Contains(n))
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        if (targets.Count > 0 && without.Count > 0)
            findings.Add(new(true, $"no Hubble metrics of {Named(without)}"));
        if (service.RulesProblem is { } problem)
            findings.Add(
                new(true, $"which proxies a request passes, and so how often Hubble counts it, is not known: {problem}")
            );
        var lost = targets.Where(t => t.Value.Lost - t.Value.LostBefore > 0).ToList();
        if (lost.Count > 0)
            findings.Add(
                new(
                    true,
                    F(
                        $"Hubble lost {lost.Sum(t => t.Value.Lost - t.Value.LostBefore):0} events on {Named(lost.Select(l => l.Key.Name))} (hubble_lost_events_total)"
                    )
                )
            );
        var unknown = targets.Count(t => t.Value is { Lost: null, Reads: > 0 });
        if (unknown > 0)
            findings.Add(
                new(
                    false,
                    F(
                        $"whether Hubble lost events is unknown on {unknown} node(s): no hubble_lost_events_total (old versions have none)"
                    )
                )
            );
    }

    private static string Named(IEnumerable<string> names)
    {
        var all = names.ToList();
        return all.Count <= MaxNamed
            ? string.Join(", ", all)
            : $"{string.Join(", ", all.Take(MaxNamed))} and {all.Count - MaxNamed} more";
    }

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
