using System.Globalization;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Page;

/// <summary>Writes the <see cref="RunStatus"/> of a run that has requests.</summary>
/// <param name="report">The run.</param>
/// <param name="live">Rates of the last seconds.</param>
/// <param name="clock">Time zone for moments as time of day; null: moments are seconds of the run.</param>
internal sealed class RunStatusText(RunReport report, LiveSample live, TimeZoneInfo? clock)
{
    /// <summary>Fewer failures per second than this are none: the window keeps old ones for a while.</summary>
    private const double Few = 0.05;

    /// <summary>A moment that is longer ago than this needs its date, s.</summary>
    private const double SameDaySeconds = 20 * 3600;

    /// <summary>The named mechanism may be missing without a remark while there are fewer requests.</summary>
    private const int EnoughForDiagnosis = 50;

    private readonly PhaseReport _phase = report.Phases[^1];

    private double FailedPerSecond =>
        live.Pods.IsEmpty ? _phase.Failures / FairShare.SecondsOf(_phase) : live.FailedPerSecond;

    private string Unit => _phase.StatusUnknown ? "requests/s" : "successes/s";

    public RunStatus Write()
    {
        var shares = _phase.Delivery.Successes.Shares;
        // Pods without a fair share (traffic policy, zone hints) cannot be missing.
        var pods = _phase.Pods.Where((_, i) => shares[i].Expected > 0).ToLookup(p => StateOf(p) is RowState.Answers);
        var (answering, missing) = (pods[true].ToList(), pods[false].ToList());
        var total = answering.Count + missing.Count;
        var isFailing = live.Pods.IsEmpty ? _phase.Failures > 0 : live.FailedPerSecond > Few;
        var kind = KindOf(isFailing, missing.Count > 0);
        var all = AllAnswer(total);
        var atFirst = char.ToUpperInvariant(all[0]) + all[1..];
        var (since, after) = kind switch
        {
            RunStatusKind.Balanced => ("", ""),
            RunStatusKind.Recovered => Began(),
            _ => Onset(),
        };
        var isDiagnosed =
            _phase.Diagnosis is { Name: var name }
            && DiagnosisResult.IsMechanism(name)
            && (kind is RunStatusKind.Failing or RunStatusKind.Skewed || total < _phase.Pods.Length);
        return new RunStatus
        {
            Kind = kind,
            Headline = kind switch
            {
                RunStatusKind.Balanced => atFirst,
                RunStatusKind.Recovered => $"Recovered: {all}",
                _ when missing.Count > 0 =>
                    $"{answering.Count} of {total} pods answer{(answering.Count == 1 ? "s" : "")}",
                _ => isFailing ? $"{atFirst}, and requests fail" : $"{atFirst}, unevenly",
            },
            Answers = answering.Count == 0 ? "No pod answers." : Answers(answering),
            Silent = missing.Count == 0 ? "" : Missing(missing),
            Since = since,
            After = after,
            Hop = isDiagnosed ? _phase.Diagnosis!.Hop : "",
            Why = isDiagnosed ? _phase.Diagnosis!.Sentence : Undiagnosed(kind),
        };
    }

    private RunStatusKind KindOf(bool isFailing, bool isMissing)
    {
        var verdict = _phase.Delivery.Successes.Kind;
        if (isFailing)
            return RunStatusKind.Failing;
        if (isMissing || verdict is VerdictKind.Skewed)
            return RunStatusKind.Skewed;
        var wasDisturbed = report.Status.EpisodesTotal > 0 || report.Phases.SkipLast(1).Any(p => p.Failures > 0);
        return wasDisturbed ? RunStatusKind.Recovered : RunStatusKind.Balanced;
    }

    private string AllAnswer(int total)
    {
        if (total < _phase.Pods.Length)
            return $"all pods that should get load answer ({total} of {_phase.Pods.Length})";
        return total == 1 ? "the only pod answers" : $"all {total} pods answer";
    }

    private RowState StateOf(PodPhase pod)
    {
        var expected = _phase.Delivery.Successes.Shares[_phase.Pods.IndexOf(pod)].Expected;
        var offered = FairShare.OfferedPerSecond(_phase, live) * expected;
        return FairShare.StateOf(RateOf(pod), pod.Ok, offered, _phase.Requests * expected, live.Window);
    }

    private double RateOf(PodPhase pod) =>
        live.Pods.IsEmpty
            ? pod.Ok / FairShare.SecondsOf(_phase)
            : live.Pods.FirstOrDefault(p => p.Pod?.Name == pod.Pod.Name)?.OkPerSecond ?? 0;

    private string Answers(List<PodPhase> pods)
    {
        var names = pods.Select(p => $"{p.Pod.Name} on {p.Pod.Node}{(p.OnClientNode ? " (the client's node)" : "")}");
        var which = pods.Count <= 3 ? string.Join(", ", names) : $"{pods.Count} pods";
        return F($"{which}: {pods.Sum(RateOf):0.0} {Unit}");
    }

    private string Missing(List<PodPhase> pods)
    {
        var which =
            pods.Count <= 4
                ? string.Join(", ", pods.Select(p => $"{p.Pod.Name} on {p.Pod.Node}"))
                : $"{pods.Count} pods on {pods.Select(p => p.Pod.Node).Distinct().Count()} nodes";
        return F($"{which}: {pods.Sum(RateOf):0.0} {Unit}; {HowRequestsEnd()}");
    }

    private string HowRequestsEnd()
    {
        if (_phase.StatusUnknown)
            return "how requests end is not known";
        if (FailedPerSecond <= Few)
            return "no request fails";
        var statuses = _phase.ByStatus.Where(s => s.Key >= 400).OrderByDescending(s => s.Value);
        var status = statuses.Select(s => F($"{s.Key}")).FirstOrDefault()
            ?? _phase.Unanswered.OrderByDescending(u => u.Value).Select(u => u.Key).FirstOrDefault();
        return F($"{FailedPerSecond:0.0} requests/s {(status is null ? "fail" : $"end in {status}")}");
    }

    private (string Since, string After) Onset()
    {
        if (report.Status.Episodes is not [.., { End: EpisodeEnd.Open } open] || open.Onset.Best.At is not { } at)
            return Began();
        // A change takes time to reach every node, so the evidence may date the onset after the change.
        var cause =
            open.Onset.Events.IsEmpty && report.Details.Events.LastOrDefault(e => e.At <= at) is { } before
                ? F($"{before.Name} ({(at - before.At).TotalSeconds:0.0} s before)")
                : open.Onset.DescribeEvents();
        return (Moment(at.TotalSeconds), cause);
    }

    /// <summary>Without an onset: the begin of the phase, and the last event before it.</summary>
    private (string Since, string After) Began()
    {
        var cause = report.Details.Events.LastOrDefault(e => e.At.TotalSeconds <= _phase.Start + 1e-9);
        return (Moment(cause?.At.TotalSeconds ?? _phase.Start), cause?.Name ?? "no recorded event");
    }

    private string Moment(double seconds)
    {
        if (clock is null)
            return F($"{seconds:0.0} s");
        var moment = TimeZoneInfo.ConvertTime(report.Details.StartedAt.AddSeconds(seconds), clock);
        return live.Elapsed.TotalSeconds - seconds < SameDaySeconds
            ? F($"{moment:HH:mm:ss}")
            : F($"{moment:yyyy-MM-dd HH:mm:ss}");
    }

    private string Undiagnosed(RunStatusKind kind)
    {
        if (kind is RunStatusKind.Failing or RunStatusKind.Skewed)
            return _phase.Diagnosis is { Name: "unknown" } unknown && _phase.Requests >= EnoughForDiagnosis
                ? unknown.Sentence
                : "Collecting evidence; no mechanism is named yet.";
        var verdict = _phase.Delivery.Successes;
        var succeeds = _phase.StatusUnknown ? "How requests end is not known" : "Every request succeeds";
        if (verdict.Kind is VerdictKind.Even)
            return F($"{succeeds} and the shares are even within ±{verdict.Tolerance * 100:0.#} %.");
        var perSecond = FairShare.OfferedPerSecond(_phase, live);
        var more =
            verdict.FurtherConnections is { } further && perSecond > 0
                ? F($"; about {further / perSecond / 60:0.#} min more at {perSecond:0.#}/s to decide")
                : "";
        return kind is RunStatusKind.Recovered
            ? $"No failure and no skew found since{more}."
            : $"{succeeds} and no skew is found{more}.";
    }

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
