using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>The result of observing a Service.</summary>
/// <param name="Report">For the files: the report of a run without load.</param>
/// <param name="View">Whose counts the verdicts come from.</param>
/// <param name="Skewed">Selection or delivery is called skewed, or was since observing began.</param>
/// <param name="Decided">The gate passes, and selection and delivery are both called even or one of them
/// skewed.</param>
public sealed record ObservedResult(RunReport Report, TargetKind View, bool Skewed, bool Decided)
{
    /// <summary>Requests fail, and the counts that say so are sound.</summary>
    public bool Failing { get; init; }

    /// <summary>The nodes whose agents were read.</summary>
    public ImmutableArray<string> Nodes { get; init; } = [];
}

/// <summary>From what was observed to a report.</summary>
public static class ObservedReport
{
    /// <summary>The check that fails where nothing is concluded.</summary>
    internal const string GateCheck = "the quality gate passes";

    /// <param name="source">Where the counters come from, one line.</param>
    /// <param name="startedAt">When observing began.</param>
    public static ObservedResult Of(ServiceObserver observer, string source, DateTimeOffset startedAt)
    {
        ArgumentNullException.ThrowIfNull(observer);
        var totals = observer.Hubble.Totals.Concat(observer.Backends.Totals).ToDictionary(t => t.Key, t => t.Value);
        var traffic = ServiceTraffic.Of(totals, observer.Service);
        var (view, findings) = CountsChoice.Of(observer, traffic);
        var withheld = findings.Where(f => f.Fails).Select(f => f.Text).ToList();
        var sound = withheld.Count == 0;
        var phase = ObservedPhase.Of(observer, view, traffic, sound ? null : string.Join("; ", withheld));
        phase = phase with { Diagnosis = Diagnosis(observer, view, traffic, phase, sound) };
        var delivery = view.Delivery.Status();
        var (selected, delivered) = (phase.Selection.Kind, phase.Delivery.Successes.Kind);
        var wasSkewed = delivery.EpisodesTotal > 0 || view.Selection.Status().EpisodesTotal > 0;
        var skewed = sound && (wasSkewed || selected is VerdictKind.Skewed || delivered is VerdictKind.Skewed);
        var even = (selected, delivered) is (VerdictKind.Even, VerdictKind.Even);
        var report = Report(observer, view, traffic, phase) with
        {
            Status = sound ? delivery : delivery with { State = VerdictKind.Undecided, Episodes = [] },
            Expectations = Expectations(phase, withheld),
            Quality = findings,
            Details = Details(observer, source, startedAt),
        };
        return new ObservedResult(report, view.Kind, skewed, sound && (skewed || even))
        {
            Failing = sound && phase is { StatusUnknown: false, Failures: > 0 },
            Nodes = [.. observer.Hubble.Differences.Targets.Keys.Select(t => t.Name).Order(StringComparer.Ordinal)],
        };
    }

    private static RunReport Report(
        ServiceObserver observer,
        ObservedView view,
        ServiceTraffic traffic,
        PhaseReport phase
    )
    {
        var service = observer.Service;
        var main = traffic.BusiestNode ?? "";
        var onMain = service.Clients.Where(c => c.Value.Node == main).Select(c => c.Key);
        return new RunReport
        {
            Scenario = $"observe-{service.Namespace}-{service.Name}",
            Title = $"Service {service.Namespace}/{service.Name} as observed",
            RatePerSecond = view.Covered.Seconds > 0 ? phase.Requests / view.Covered.Seconds : 0,
            ClientPod = onMain.Order(StringComparer.Ordinal).ToArray() switch
            {
                [] => "(unknown clients)",
                [var only] => only,
                [var first, .. var more] => $"{first} and {more.Length} more",
            },
            ClientNode = main,
            Phases = [phase],
            Status = view.Delivery.Status(),
            Diagnosis = phase.Diagnosis!,
            Reconciliation = Reconciliation(observer, traffic),
            Settings = service.Settings,
        };
    }

    private static DiagnosisResult Diagnosis(
        ServiceObserver observer,
        ObservedView view,
        ServiceTraffic traffic,
        PhaseReport phase,
        bool sound
    )
    {
        if (!sound)
            return DiagnosisResult.Unknown("no verdict without sound counters");
        if (view.Kind is TargetKind.Hubble && traffic.EndsUnknown)
            return DiagnosisResult.Unknown("how the requests ended is unknown");
        if (view.Kind is TargetKind.Hubble)
            return ObservedDiagnosis.Of(observer, traffic, phase);
        var reached = phase.Delivery.Successes.Kind.ToString().ToLowerInvariant();
        return DiagnosisResult.Unknown(
            $"only the backend counts are there, which show what reached the pods ({reached}), not how it ended"
        );
    }

    private static RunDetails Details(ServiceObserver observer, string source, DateTimeOffset startedAt)
    {
        var (service, series) = (observer.Service, observer.Series);
        return new RunDetails
        {
            StartedAt = startedAt,
            Cluster = service.Cluster,
            Steps = [$"observe {service.Namespace}/{service.Name} for {observer.Phase.Last:0} s: {source}"],
            Events = [.. observer.Events],
            Series = series.Samples,
            SeriesInterval = series.IntervalSeconds,
            SeriesMissed = series.Missed,
        };
    }

    private static ImmutableArray<ReconciliationLine> Reconciliation(ServiceObserver observer, ServiceTraffic traffic)
    {
        if (traffic.Clients.Length == 0 || observer.Backends.Totals.Count == 0)
            return [];
        return [.. observer.Service.Endpoints.Select((e, i) => Reached(e.Pod.Name, i))];

        ReconciliationLine Reached(string pod, int i)
        {
            var seen = Math.Round(traffic.Clients.Sum(c => traffic.EndsUnknown ? c.Chosen[i] : c.Ok[i] + c.Failed[i]));
            var counted = Math.Round(traffic.Reached[i]);
            return new($"requests that reached {pod}", "Hubble, each request once", seen, "its own counter", counted)
            {
                Explanation =
                    "Scrapes are taken at different moments, so a difference of about one interval's requests means "
                    + "nothing. More at the pod: attempts that a proxy repeated, or clients without an HTTP "
                    + "rule on their path. Fewer: answers that a proxy generated and Hubble attributed to the pod.",
            };
        }
    }

    private static ImmutableArray<ExpectationResult> Expectations(PhaseReport phase, List<string> withheld) =>
        [
            new(GateCheck, withheld.Count == 0, withheld is [] ? "it does" : string.Join("; ", withheld)),
            .. withheld is [] && !phase.StatusUnknown ? [NoneFails(phase)] : (ExpectationResult[])[],
            NotSkewed("selection", phase.Selection),
            NotSkewed("delivery", phase.Delivery.Successes),
        ];

    private static ExpectationResult NoneFails(PhaseReport phase) =>
        new(
            "no request fails",
            phase.Failures == 0,
            phase.Failures == 0
                ? $"all {phase.Requests} requests succeeded"
                : $"{phase.Failures} of {phase.Requests} requests failed: "
                    + FailureText.Of(phase.ByStatus, phase.Unanswered)
        );

    private static ExpectationResult NotSkewed(string what, Verdict verdict) =>
        new($"{what} is not skewed", verdict.Kind is not VerdictKind.Skewed, VerdictText.Describe(verdict));
}
