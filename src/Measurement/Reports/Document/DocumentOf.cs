using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Reports.Document;

/// <summary>From a run to the document that is saved.</summary>
public static class DocumentOf
{
    public static ReportDocument Run(RunReport run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var details = run.Details;
        var status = RunStatus.Of(run, LiveSample.None);
        return new ReportDocument
        {
            Schema = ReportDocument.SchemaName,
            Version = ReportDocument.SchemaVersion,
            Scenario = new ScenarioInfo(run.Scenario, run.Title, run.Source)
            {
                Evidence = run.Evidence?.ToString().ToLowerInvariant(),
            },
            Result = new ResultInfo(status.Kind.ToString().ToLowerInvariant(), status.Title, status.VerdictText),
            EndedEarly = run.EndedEarly?.Reason,
            MachineGate = run.MachineGate,
            StartedAt = details.StartedAt,
            Environment = details.Environment,
            Cluster = new ClusterInfo(details.Cluster.CiliumVersion, run.ClientPod, run.ClientNode, run.Settings)
            {
                Notice = run.Notice,
                Kind = details.Cluster.Kind.ToString().ToLowerInvariant(),
                Kubernetes = details.Kubernetes,
                Nodes = details.Nodes,
            },
            Load = new LoadInfo(details.Method, details.Url, run.RatePerSecond)
            {
                KeptConnections = details.KeptConnections,
                Http2 = details.Http2,
                Ports = details.Ports,
            },
            Command = details.Command,
            Steps = details.Steps,
            Policies = details.Policies,
            Events = [.. details.Events.Select(e => new EventInfo(e.Name, e.At.TotalSeconds))],
            Phases = [.. run.Phases.Select(Phase)],
            Totals = new TotalsInfo(run.Totals.Requests, run.Totals.NotSent, run.Totals.Ok, run.Totals.Failures),
            Onsets = [.. run.Status.Episodes.Select(Onset)],
            Diagnosis = Diagnosis(status.Diagnosis ?? Undecided(status)),
            Reconciliation = [.. run.Reconciliation.Select(Reconciliation)],
            Expectations = [.. run.Expectations.Select(e => new ExpectationInfo(e.What, e.Holds, e.Observed))],
            Series = Series(details),
            Quality = [.. run.Quality.Select(q => new QualityInfo(q.Fails, q.Text))],
        };
    }

    /// <summary>A run that is undecided names no mechanism.</summary>
    private static DiagnosisResult Undecided(RunStatus status) => new() { Name = "undecided", Sentence = status.Why };

    private static OnsetInfo Onset(SkewEpisode episode)
    {
        var onset = episode.Onset;
        var support = onset.Support.Where(c => c.At is not null).Select(c => c.At!.Value.TotalSeconds).ToList();
        var (at, alarmAt) = (onset.Best.At?.TotalSeconds, episode.AlarmAt.TotalSeconds);
        return new OnsetInfo(at, alarmAt, episode.ErrorProbability, [.. onset.Events.Select(e => e.Name)])
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

    private static PhaseInfo Phase(PhaseReport phase)
    {
        var perSecond = phase.Requests / Math.Max(phase.Seconds, 1e-9);
        return new()
        {
            Name = phase.Name,
            IsEvaluated = phase.IsEvaluated,
            Start = phase.Start,
            Seconds = phase.Seconds,
            Requests = phase.Requests,
            NotSent = phase.NotSent,
            Ok = phase.Ok,
            Failures = phase.Failures,
            ByStatus = phase.ByStatus,
            Unanswered = phase.Unanswered,
            SuccessRate = Interval(phase.Delivery.Overall),
            Latency = phase.Latency,
            HttpRules = new HttpRulesInfo(phase.HttpRules.Client, phase.HttpRules.Backends),
            Selection = Verdict(phase.Selection, perSecond),
            SelectionSource = phase.SelectionSource,
            Delivery = Verdict(phase.Delivery.Successes, perSecond),
            Pods = [.. phase.Pods.Select((pod, i) => Pod(phase, pod, i))],
            Diagnosis = phase.Diagnosis is { } diagnosis ? Diagnosis(diagnosis) : null,
            ClientNodes = [.. phase.ClientNodes.Select(ClientNode)],
            Locality = phase.Locality is { } l ? new LocalityInfo(Interval(l.Share), l.Expected) : null,
            StatusUnknown = phase.StatusUnknown,
        };
    }

    private static ClientNodeInfo ClientNode(ClientNodeRow row)
    {
        var byPod = row
            .Verdict.Shares.Zip(row.Counts.PerBackend)
            .ToImmutableSortedDictionary(s => s.First.Backend, s => s.Second, StringComparer.Ordinal);
        return new ClientNodeInfo(row.ClientNode, byPod, row.Counts.Unattributed, Verdict(row.Verdict));
    }

    private static PodInfo Pod(PhaseReport phase, PodPhase pod, int position)
    {
        var delivered = phase.Delivery.Successes.Shares[position];
        return new PodInfo
        {
            Name = pod.Pod.Name,
            Namespace = pod.Pod.Namespace,
            Node = pod.Pod.Node,
            OnClientNode = pod.OnClientNode,
            Ok = pod.Ok,
            Failed = pod.Failed,
            Echo = pod.Echo,
            HubbleRequests = pod.HubbleRequests,
            HubbleOk = pod.HubbleOk,
            HubbleServerErrors = pod.HubbleServerErrors,
            ClientProxyErrors = pod.ClientProxyErrors,
            Expected = delivered.Expected,
            SelectionShare = Interval(phase.Selection.Shares[position].Share),
            DeliveryShare = Interval(delivered.Share),
            SuccessRate = Interval(phase.Delivery.Backends[position].Rate),
        };
    }

    private static VerdictInfo Verdict(Verdict verdict, double? perSecond = null) =>
        new(
            verdict.Kind.ToString().ToLowerInvariant(),
            VerdictText.Describe(verdict, perSecond),
            verdict.ErrorProbability,
            verdict.Tolerance,
            verdict.Connections,
            verdict.Unattributed,
            verdict.FurtherConnections
        )
        {
            ScrapeIntervals = verdict.ScrapeIntervals,
            Measures = verdict.Shares.Any(s => s.Count > 0) && SkewMeasures.Of(verdict) is { } m ? Measures(m) : null,
        };

    private static MeasuresInfo Measures(SkewMeasures m) =>
        new(Interval(m.MaxOverMean), Interval(m.Jain), Interval(m.TotalVariation), Interval(m.EffectiveBackends));

    private static IntervalInfo Interval(Measure m) => Interval(new ShareInterval(m.Estimate, m.Lower, m.Upper));

    private static IntervalInfo Interval(ShareInterval interval) =>
        new(double.IsFinite(interval.Estimate) ? interval.Estimate : null, interval.Lower, interval.Upper);

    public static DiagnosisInfo Diagnosis(DiagnosisResult d) =>
        new(d.Name, d.Sentence, d.Hop, d.Supports, d.Refutes, d.Remedies, d.Links);

    private static ReconciliationInfo Reconciliation(ReconciliationLine r) =>
        new(r.What, r.Left, r.LeftCount, r.Right, r.RightCount, r.Difference, r.Explanation);

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
        var counts = samples.Select(s => s.Pods.GetValueOrDefault(pod)).ToList();
        var statuses = counts.OfType<PodCounts>().SelectMany(c => c.Responses.Keys).Distinct();
        ImmutableArray<double?> Of(Func<PodCounts, double> count) =>
            [.. counts.Select(c => c is null ? (double?)null : count(c))];
        return new PodSeries(
            pod,
            Of(c => c.Echo),
            Of(c => c.Requests),
            statuses.ToImmutableSortedDictionary(s => s, s => Of(c => c.Responses.GetValueOrDefault(s)))
        );
    }
}
