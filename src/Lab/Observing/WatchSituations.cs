using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Status;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Observing;

/// <summary>The status of an observation without a verdict, with a remedy.</summary>
internal sealed class WatchSituations(ObserveOptions options, TimeProvider time)
{
    private string Service => $"{options.Namespace}/{options.Service}";

    /// <summary>Before the first rates.</summary>
    public RunStatus Beginning => Waiting($"Watching {Service}", "No rate yet: two readings are needed.", "");

    /// <summary>The backends or the rules on the path to them have just changed.</summary>
    public static RunStatus Changed(string change) =>
        Waiting(char.ToUpperInvariant(change[0]) + change[1..], "Only evidence from after this change counts.", "");

    /// <summary>There is no traffic.</summary>
    /// <param name="seconds">For how long, s.</param>
    /// <param name="counters">Which counters are missing; empty when none.</param>
    public RunStatus Quiet(double seconds, string counters) =>
        Waiting(
            Invariant($"No requests to {Service} in the last {seconds:0} s"),
            "No request was counted.",
            counters.Length > 0 ? counters : "Start a load, or wait for traffic."
        );

    /// <summary>No counter can be read.</summary>
    public RunStatus NoCounters(string missing) => Waiting($"No counters of {Service}", missing, WhatToDo);

    /// <summary>
    /// What a reader must know of a round's counters, or which it lacks; empty when it has those of Hubble or of the
    /// Pods.
    /// </summary>
    public string Missing(ObservedRound round)
    {
        var scrapes = round.Scrapes.SelectMany(s => s.Round.Scrapes).ToList();
        var hubble = scrapes.Where(s => s.Target.Kind is TargetKind.Hubble).ToList();
        var backends = scrapes.Where(s => s.Target.Kind is TargetKind.Backend).ToList();
        if (hubble.Any(s => s.Counters is not null))
            return string.Join(". ", round.Scrapes.SelectMany(s => s.Round.Notes).Distinct(StringComparer.Ordinal));
        if (backends.Any(s => s.Counters?.Keys.Any(k => k.Kind is CounterKind.Reached) is true))
            return "";
        var agents =
            round.Objects.Agents.IsEmpty && options.Prometheus is null
                ? "No Cilium agent (label k8s-app=cilium) runs in the cluster, so there are no Hubble metrics."
                : $"Hubble: {Error(hubble)}.";
        return $"{agents} {MissingOfPods(backends)}";
    }

    private string MissingOfPods(List<TargetScrape> backends)
    {
        var metric = options.BackendMetric;
        if (metric.Length == 0)
            return "The pods' own counters are not read.";
        if (backends.Any(s => s.Counters is not null))
            return $"The pods' /metrics have no {metric} (yet).";
        return backends.Count == 0 ? $"Pods: no /metrics with {metric}." : $"Pods: {Error(backends)}.";
    }

    /// <summary>The remedy for missing counters.</summary>
    public string WhatToDo =>
        "Enable Hubble's HTTP metrics (hubble.metrics.enabled: httpV2) and apply an HTTP rule"
        + (options.BackendMetric.Length > 0 ? $", or give the pods a counter {options.BackendMetric} at /metrics" : "")
        + ". Reading them needs get on pods/proxy (docs/observe.md).";

    /// <summary>The objects or the counters cannot be read.</summary>
    public RunStatus Failed(ObservationException problem, DateTimeOffset since)
    {
        var clock = TimeZoneInfo.ConvertTime(since, time.LocalTimeZone);
        var retried = "Trying again.";
        return problem.Problem switch
        {
            ObservationProblem.NoPods => Waiting($"{Service} has no pods", retried, problem.Message),
            ObservationProblem.NotFound => Waiting($"{Service} does not exist", retried, problem.Message),
            ObservationProblem.Forbidden => Waiting($"{Service} may not be read", retried, problem.Message),
            _ => Waiting(Invariant($"Not reachable since {clock:HH:mm:ss}"), retried, problem.Message),
        };
    }

    private static string Error(List<TargetScrape> scrapes)
    {
        if (scrapes.Count == 0)
            return "no metrics";
        var more = scrapes.Count > 1 ? Invariant($" (and {scrapes.Count - 1} more)") : "";
        return $"{scrapes[0].Target.Name}: {scrapes[0].Error}{more}";
    }

    private static RunStatus Waiting(string headline, string answers, string why) =>
        new()
        {
            Headline = headline,
            Answers = answers,
            Why = why,
        };
}
