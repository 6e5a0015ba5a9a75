using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>Whether what was scraped can carry a verdict at all. A view that fails is undecided, with the
/// reason.</summary>
public static class QualityGate
{
    /// <summary>Least part of its scrapes that every target must have answered. A missed scrape loses no counts, but a
    /// target that is missing most of the time is not what is evaluated.</summary>
    public const double MinCoverage = 0.8;

    /// <summary>Most intervals that may be left out because counters began anew.</summary>
    public const double MaxIntervalsLost = 0.1;

    /// <summary>Part of the requests that may come from clients whose node is unknown, where it determines the shares.
    /// They say nothing of skew, and dilute that of the others by this part.</summary>
    public const double MaxUnknownClients = 0.01;

    private const int MaxNamed = 5;

    public static ImmutableArray<QualityFinding> Check(ObservedView view, ObservedService service)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(service);
        IEnumerable<QualityFinding> own =
            view.Kind is TargetKind.Hubble
                ? [.. Hubble(view, service), .. UnknownClients(view, service)]
                : Backends(service);
        return [.. Coverage(view), .. own, .. Intervals(view)];
    }

    private static IEnumerable<QualityFinding> Coverage(ObservedView view)
    {
        var (targets, hubble) = (view.Differences.Targets, view.Kind is TargetKind.Hubble);
        if (targets.Count == 0)
            yield return new(true, hubble ? "no agent's Hubble metrics are known" : "no backend's metrics are known");
        var missing = targets
            .Where(t => t.Value.Reads < MinCoverage * t.Value.Attempts)
            .OrderBy(t => t.Key.Name, StringComparer.Ordinal)
            .ToList();
        foreach (var (target, record) in missing.Take(MaxNamed))
        {
            var error = record.LastError.Length > 0 ? $" ({record.LastError})" : "";
            var name = $"{(hubble ? "Hubble of node" : "backend")} {target.Name}";
            yield return new(true, $"{name}: {record.Reads} of {record.Attempts} scrapes{error}");
        }
        if (missing.Count > MaxNamed)
            yield return new(true, $"{missing.Count - MaxNamed} more targets were scraped too rarely");
    }

    private static IEnumerable<QualityFinding> Hubble(ObservedView view, ObservedService service)
    {
        var targets = view.Differences.Targets;
        var nodes = targets.Keys.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var without = service
            .Endpoints.Select(e => e.Pod.Node)
            .Concat(service.Clients.Values.Select(c => c.Node ?? ""))
            .Where(n => n.Length > 0 && !nodes.Contains(n))
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        if (targets.Count > 0 && without.Count > 0)
            yield return new(true, $"no Hubble metrics of {Named(without)}");
        if (service.RulesProblem is { } problem)
            yield return new(
                true,
                $"which proxies a request passes, and so how often Hubble counts it, is not known: {problem}"
            );
        var lost = targets.Where(t => t.Value.Lost - t.Value.LostBefore > 0).ToList();
        var events = lost.Sum(t => t.Value.Lost - t.Value.LostBefore);
        if (lost.Count > 0)
            yield return new(
                true,
                $"Hubble lost {events:0} events on {Named(lost.Select(l => l.Key.Name))} (hubble_lost_events_total)"
            );
        var unknown = targets.Count(t => t.Value is { Lost: null, Reads: > 0 });
        if (unknown > 0)
            yield return new(
                false,
                $"whether Hubble lost events is unknown on {unknown} node(s): no hubble_lost_events_total "
                    + "(old versions have none, later ones none before the first loss)"
            );
    }

    /// <summary>Clients whose node is unknown, where it determines the shares.</summary>
    private static IEnumerable<QualityFinding> UnknownClients(ObservedView view, ObservedService service)
    {
        if (!service.SharesDependOnNode)
            yield break;
        var traffic = ServiceTraffic.Of(view.Totals, service);
        var (unknown, all) = (
            traffic.Clients.FirstOrDefault(c => c.Node is null),
            traffic.Clients.Sum(c => c.Chosen.Sum())
        );
        var part = unknown?.Chosen.Sum() / all ?? 0;
        if (part > 0)
            yield return new(
                part > MaxUnknownClients,
                $"which share each pod should get is unknown for {Percent(part)} of the requests: the Service keeps "
                    + $"traffic on nodes or in zones, and {Sources(unknown!.Names)}"
            );
    }

    private static string Percent(double part) => string.Create(CultureInfo.InvariantCulture, $"{100 * part:0.#} %");

    private static string Sources(IReadOnlyCollection<string> names)
    {
        var given = names.Where(n => n.Length > 0).Select(n => $"'{n}'").ToList();
        return given.Count == 0
            ? "the metrics do not name the source; set sourceContext=pod"
            : $"the source names no pod that exists and can be read ({Named(given)})";
    }

    private static IEnumerable<QualityFinding> Backends(ObservedService service)
    {
        if (service.SharesDependOnNode)
            yield return new(
                true,
                "the Service keeps traffic on nodes or in zones, and the backends do not know where their "
                    + "clients are: which share each should get is unknown"
            );
    }

    private static IEnumerable<QualityFinding> Intervals(ObservedView view)
    {
        var restarted = view.Differences.Targets.Where(t => t.Value.Restarts > 0).ToList();
        var (lost, all) = (view.Differences.IntervalsLost, view.Covered.Intervals + view.Differences.IntervalsLost);
        if (restarted.Count > 0)
            yield return new(
                lost > MaxIntervalsLost * all,
                $"counters began anew {restarted.Sum(t => t.Value.Restarts)} time(s) "
                    + $"({Named(restarted.Select(t => t.Key.Name))}): {lost} of {all} scrape intervals are left out"
            );
        var seen = Math.Max(view.Delivery.Shares.Intervals, view.Selection.Shares.Intervals);
        if (seen < RatioSums.MinIntervals)
            yield return new(
                true,
                $"{seen} scrape intervals with requests are too few for an asymptotic verdict (at least "
                    + $"{RatioSums.MinIntervals})"
            )
            {
                Early = true,
            };
    }

    internal static string Named(IEnumerable<string> names)
    {
        var all = names.ToList();
        var first = string.Join(", ", all.Take(MaxNamed));
        return all.Count <= MaxNamed ? first : $"{first} and {all.Count - MaxNamed} more";
    }
}
