using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Reports.Document;

/// <summary>From a run to the document that is saved.</summary>
public static class DocumentOf
{
    /// <summary>The document of a run.</summary>
    public static ReportDocument Run(RunReport run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var details = run.Details;
        return new ReportDocument(
            ReportDocument.SchemaName,
            ReportDocument.SchemaVersion,
            new ScenarioInfo(run.Scenario, run.Title, run.Source),
            details.StartedAt,
            details.Environment,
            new ClusterInfo(details.CiliumVersion, run.ClientPod, run.ClientNode, run.Settings)
            {
                Kubernetes = details.Kubernetes,
                Nodes = details.Nodes,
            },
            new LoadInfo(details.Method, details.Url, run.RatePerSecond)
            {
                KeptConnections = details.KeptConnections,
                Ports = details.Ports,
            },
            details.Steps,
            [.. details.Events.Select(e => new EventInfo(e.Name, e.At.TotalSeconds))],
            [.. run.Phases.Select(Phase)],
            [.. run.Status.Episodes.Select(Onset)],
            Diagnosis(run.Diagnosis),
            [
                .. run.Reconciliation.Select(r => new ReconciliationInfo(
                    r.What,
                    r.Left,
                    r.LeftCount,
                    r.Right,
                    r.RightCount,
                    r.Difference,
                    r.Explanation
                )),
            ],
            [.. run.Expectations.Select(e => new ExpectationInfo(e.What, e.Holds, e.Observed))],
            Series(details)
        )
        {
            Quality = [.. run.Quality.Select(q => new QualityInfo(q.Fails, q.Text))],
        };
    }

    private static OnsetInfo Onset(SkewEpisode episode)
    {
        var support = episode.Onset.Support.Where(c => c.At is not null).Select(c => c.At!.Value.TotalSeconds).ToList();
        return new OnsetInfo(
            episode.Onset.Best.At?.TotalSeconds,
            episode.AlarmAt.TotalSeconds,
            episode.ErrorProbability,
            [.. episode.Onset.Events.Select(o => o.Name)]
        )
        {
            Support = support.Count > 0 ? new SupportInfo(support.Min(), support.Max()) : null,
            End = episode.End switch
            {
                EpisodeEnd.Recovered => "recovered",
                EpisodeEnd.BackendsChanged => "backends-changed",
                _ => "open",
            },
            EndAt = episode.EndAt?.TotalSeconds,
        };
    }

    private static PhaseInfo Phase(PhaseReport phase) =>
        new(
            phase.Name,
            phase.Start,
            phase.Seconds,
            phase.Requests,
            phase.Ok,
            phase.Failures,
            phase.ByStatus,
            phase.Unanswered,
            Interval(phase.Delivery.Overall),
            phase.Latency,
            new HttpRulesInfo(phase.HttpRules.Client, phase.HttpRules.Backends),
            Verdict(phase.Selection),
            phase.SelectionSource,
            Verdict(phase.Delivery.Successes),
            [.. phase.Pods.Select((pod, i) => Pod(phase, pod, i))],
            phase.Diagnosis is { } diagnosis ? Diagnosis(diagnosis) : null
        )
        {
            ClientNodes =
            [
                .. phase.ClientNodes.Select(row => new ClientNodeInfo(
                    row.ClientNode,
                    row.Verdict.Shares.Zip(row.Counts.PerBackend)
                        .ToImmutableSortedDictionary(s => s.First.Backend, s => s.Second, StringComparer.Ordinal),
                    row.Counts.Unattributed,
                    Verdict(row.Verdict)
                )),
            ],
            Locality = phase.Locality is { } locality
                ? new LocalityInfo(Interval(locality.Share), locality.Expected)
                : null,
            StatusUnknown = phase.StatusUnknown,
        };

    private static PodInfo Pod(PhaseReport phase, PodPhase pod, int position)
    {
        var delivered = phase.Delivery.Successes.Shares[position];
        return new PodInfo(
            pod.Pod.Name,
            pod.Pod.Namespace,
            pod.Pod.Node,
            pod.OnClientNode,
            pod.Ok,
            pod.Failed,
            pod.Echo,
            pod.HubbleRequests,
            pod.HubbleOk,
            pod.HubbleServerErrors,
            pod.ClientProxyErrors,
            delivered.Expected,
            Interval(phase.Selection.Shares[position].Share),
            Interval(delivered.Share),
            Interval(phase.Delivery.Backends[position].Rate)
        );
    }

    private static VerdictInfo Verdict(Verdict verdict) =>
        new(
            verdict.Kind.ToString().ToLowerInvariant(),
            VerdictText.Describe(verdict),
            verdict.ErrorProbability,
            verdict.Tolerance,
            verdict.Connections,
            verdict.Unattributed,
            verdict.FurtherConnections
        )
        {
            ScrapeIntervals = verdict.ScrapeIntervals,
            Measures =
                verdict.Shares.Any(s => s.Count > 0) && SkewMeasures.Of(verdict) is { } m
                    ? new MeasuresInfo(
                        Interval(m.MaxOverMean),
                        Interval(m.Jain),
                        Interval(m.TotalVariation),
                        Interval(m.EffectiveBackends)
                    )
                    : null,
        };

    private static IntervalInfo Interval(Measure measure) =>
        new(double.IsFinite(measure.Estimate) ? measure.Estimate : null, measure.Lower, measure.Upper);

    private static DiagnosisInfo Diagnosis(DiagnosisResult diagnosis) =>
        new(
            diagnosis.Name,
            diagnosis.Sentence,
            diagnosis.Hop,
            diagnosis.Supports,
            diagnosis.Refutes,
            diagnosis.Remedies,
            diagnosis.Links
        );

    private static IntervalInfo Interval(ShareInterval interval) =>
        new(double.IsFinite(interval.Estimate) ? interval.Estimate : null, interval.Lower, interval.Upper);

    private static SeriesInfo Series(RunDetails details)
    {
        var samples = details.Series;
        var pods = samples.SelectMany(s => s.Pods.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return new SeriesInfo(
            details.SeriesInterval,
            details.SeriesMissed,
            [.. samples.Select(s => Math.Round(s.At, 3))],
            [.. pods.Select(pod => OnePod(samples, pod))]
        );
    }

    private static PodSeries OnePod(ImmutableArray<SeriesSample> samples, string pod)
    {
        ImmutableArray<double?> Of(Func<PodCounts, double> count) =>
            [.. samples.Select(s => s.Pods.TryGetValue(pod, out var counts) ? count(counts) : (double?)null)];
        var statuses = samples
            .SelectMany(s => s.Pods.TryGetValue(pod, out var counts) ? counts.Responses.Keys : [])
            .Distinct();
        return new PodSeries(
            pod,
            Of(c => c.Echo),
            Of(c => c.Requests),
            statuses.ToImmutableSortedDictionary(s => s, s => Of(c => c.Responses.GetValueOrDefault(s)))
        );
    }
}
