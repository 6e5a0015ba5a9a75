using System.Globalization;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>What the feed says while an observation has no verdict, with what to do about it.</summary>
/// <param name="options">What is observed.</param>
/// <param name="time">Time source.</param>
internal sealed class WatchSituations(ObserveOptions options, TimeProvider time)
{
    private string Service => $"{options.Namespace}/{options.Service}";

    /// <summary>Before the first rates.</summary>
    public RunStatus Beginning => Waiting($"Watching {Service}", "No rate yet: it takes two readings.", "");

    /// <summary>The backends or the rules on the way to them have just changed.</summary>
    /// <param name="change">The change.</param>
    public static RunStatus Changed(string change) =>
        Waiting(char.ToUpperInvariant(change[0]) + change[1..], "Evidence is collected anew from this change on.", "");

    /// <summary>There is no traffic.</summary>
    /// <param name="seconds">For how long, s.</param>
    /// <param name="counters">What the counters cannot see; empty when nothing.</param>
    public RunStatus Quiet(double seconds, string counters) =>
        Waiting(
            F($"No requests to {Service} in the last {seconds:0} s"),
            "No request was counted.",
            counters.Length > 0 ? counters : "Start a load, or wait for traffic."
        );

    /// <summary>No counter can be read.</summary>
    /// <param name="missing">What is missing.</param>
    public RunStatus NoCounters(string missing) => Waiting($"No counters of {Service}", missing, WhatToDo);

    /// <summary>
    /// What the counters of a round do not tell; empty when Hubble or the Pods' own counter is there.
    /// </summary>
    public string Missing(ObservedRound round)
    {
        var scrapes = round.Scrapes.SelectMany(s => s.Round.Scrapes).ToList();
        var hubble = scrapes.Where(s => s.Target.Kind is TargetKind.Hubble).ToList();
        var backends = scrapes.Where(s => s.Target.Kind is TargetKind.Backend).ToList();
        if (hubble.Any(s => s.Counters is not null))
            return "";
        if (backends.Any(s => s.Counters?.Keys.Any(k => k.Kind is CounterKind.Reached) is true))
            return "";
        var agents =
            round.Objects.Agents.IsEmpty && options.Prometheus is null
                ? "No Cilium agent runs in kube-system, so there are no Hubble metrics."
                : $"Hubble: {Error(hubble)}.";
        var pods =
            options.BackendMetric.Length == 0 ? "The pods' own counters are not read."
            : backends.Any(s => s.Counters is not null) ? $"The pods' /metrics have no {options.BackendMetric} (yet)."
            : $"Pods: {(backends.Count == 0 ? $"no /metrics with {options.BackendMetric}" : Error(backends))}.";
        return $"{agents} {pods}";
    }

    /// <summary>What helps against missing counters.</summary>
    public string WhatToDo =>
        "Enable Hubble's HTTP metrics (hubble.metrics.enabled: httpV2) and apply an HTTP rule"
        + (options.BackendMetric.Length > 0 ? $", or give the pods a counter {options.BackendMetric} at /metrics" : "")
        + ". Reading them needs get on pods/proxy (docs/observe.md).";

    /// <summary>The objects or the counters cannot be read.</summary>
    /// <param name="problem">Why.</param>
    /// <param name="since">Since when.</param>
    public RunStatus Failed(ObservationException problem, DateTimeOffset since)
    {
        var clock = TimeZoneInfo.ConvertTime(since, time.LocalTimeZone);
        var retried = "It is tried again and again.";
        return problem.Problem switch
        {
            ObservationProblem.NoPods => Waiting($"{Service} has no pods", retried, problem.Message),
            ObservationProblem.NotFound => Waiting($"{Service} does not exist", retried, problem.Message),
            ObservationProblem.Forbidden => Waiting($"{Service} may not be read", retried, problem.Message),
            _ => Waiting(F($"Not reachable since {clock:HH:mm:ss}"), retried, problem.Message),
        };
    }

    private static string Error(List<TargetScrape> scrapes)
    {
        if (scrapes.Count == 0)
            return "no metrics";
        var more = scrapes.Count > 1 ? F($" (and {scrapes.Count - 1} more)") : "";
        return $"{scrapes[0].Target.Name}: {scrapes[0].Error}{more}";
    }

    private static RunStatus Waiting(string headline, string answers, string why) =>
        new("waiting", headline, answers, "", "", "", "", why);

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
