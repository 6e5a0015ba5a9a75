using System.Collections.Immutable;
using CiliumDebugging.LoadTest.Analysis;
using CiliumDebugging.LoadTest.Diagnosis;
using CiliumDebugging.LoadTest.Report.Series;

namespace CiliumDebugging.LoadTest.Report.Document;

/// <summary>From a run to the document that is saved.</summary>
public static class DocumentOf
{
    /// <summary>The document of a run.</summary>
    public static ReportDocument Run(RunReport run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var details = run.Details;
        return new ReportDocument(
            ReportDocument.SchemaName, ReportDocument.SchemaVersion, new ScenarioInfo(run.Scenario, run.Title, run.Source), details.StartedAt, details.Environment,
            new ClusterInfo(details.CiliumVersion, run.ClientPod, run.ClientNode, run.Settings), new LoadInfo(details.Method, details.Url, run.RatePerSecond), details.Steps,
            [.. details.Events.Select(e => new EventInfo(e.Name, e.At.TotalSeconds))], [.. run.Phases.Select(Phase)],
            [.. run.Status.Episodes.Select(e => new OnsetInfo(e.Onset.Best.At?.TotalSeconds, e.AlarmAt.TotalSeconds, e.ErrorProbability, [.. e.Onset.Events.Select(o => o.Name)]))],
            Diagnosis(run.Diagnosis),
            [.. run.Reconciliation.Select(r => new ReconciliationInfo(r.What, r.Left, r.LeftCount, r.Right, r.RightCount, r.Difference, r.Explanation))],
            [.. run.Expectations.Select(e => new ExpectationInfo(e.What, e.Holds, e.Observed))], Series(details));
    }

    private static PhaseInfo Phase(PhaseReport phase) => new(
        phase.Name, phase.Start, phase.Seconds, phase.Requests, phase.Ok, phase.Failures, phase.ByStatus, phase.Unanswered, Interval(phase.Delivery.Overall), phase.Latency,
        new HttpRulesInfo(phase.HttpRules.Client, phase.HttpRules.Backends), Verdict(phase.Selection), phase.SelectionSource, Verdict(phase.Delivery.Successes),
        [.. phase.Pods.Select((pod, i) => Pod(phase, pod, i))], phase.Diagnosis is { } diagnosis ? Diagnosis(diagnosis) : null);

    private static PodInfo Pod(PhaseReport phase, PodPhase pod, int position)
    {
        var delivered = phase.Delivery.Successes.Shares[position];
        return new PodInfo(
            pod.Pod.Name, pod.Pod.Namespace, pod.Pod.Node, pod.OnClientNode, pod.Ok, pod.Failed, pod.Echo, pod.HubbleRequests, pod.HubbleOk, pod.HubbleServerErrors, pod.ClientProxyErrors,
            delivered.Expected, Interval(phase.Selection.Shares[position].Share), Interval(delivered.Share), Interval(phase.Delivery.Backends[position].Rate));
    }

    private static VerdictInfo Verdict(Verdict verdict) => new(
        verdict.Kind.ToString().ToLowerInvariant(), VerdictText.Describe(verdict), verdict.ErrorProbability, verdict.Tolerance, verdict.Connections, verdict.Unattributed, verdict.FurtherConnections);

    private static DiagnosisInfo Diagnosis(DiagnosisResult diagnosis) => new(
        diagnosis.Name, diagnosis.Sentence, diagnosis.Hop, diagnosis.Supports, diagnosis.Refutes, diagnosis.Remedies, diagnosis.Links);

    private static IntervalInfo Interval(ShareInterval interval) => new(double.IsFinite(interval.Estimate) ? interval.Estimate : null, interval.Lower, interval.Upper);

    private static SeriesInfo Series(RunDetails details)
    {
        var samples = details.Series;
        var pods = samples.SelectMany(s => s.Pods.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return new SeriesInfo(details.SeriesInterval, details.SeriesMissed, [.. samples.Select(s => Math.Round(s.At, 3))], [.. pods.Select(pod => OnePod(samples, pod))]);
    }

    private static PodSeries OnePod(ImmutableArray<SeriesSample> samples, string pod)
    {
        ImmutableArray<double?> Of(Func<PodCounts, double> count) => [.. samples.Select(s => s.Pods.TryGetValue(pod, out var counts) ? count(counts) : (double?)null)];
        var statuses = samples.SelectMany(s => s.Pods.TryGetValue(pod, out var counts) ? counts.Responses.Keys : []).Distinct();
        return new PodSeries(pod, Of(c => c.Echo), Of(c => c.Requests), statuses.ToImmutableSortedDictionary(s => s, s => Of(c => c.Responses.GetValueOrDefault(s))));
    }
}
