using System.Collections.Immutable;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using static System.FormattableString;

namespace CiliumDebugging.Measurement.Status;

/// <summary>Computes the <see cref="RunStatus"/> of a run.</summary>
internal sealed partial class StatusOfRun
{
    /// <summary>Fewer failures per second than this are none: the window keeps old ones for a while.</summary>
    private const double Few = 0.05;

    /// <summary>This many failures without a success are an outage.</summary>
    private const double Outage = 10;

    /// <summary>The named mechanism may be missing without a remark while there are fewer requests.</summary>
    private const int EnoughForDiagnosis = 50;

    private readonly RunReport _report;
    private readonly LiveSample _live;
    private readonly TimeZoneInfo? _clock;
    private readonly PhaseReport _phase;

    /// <summary>
    /// The phase whose failures are those of now: the evaluated one, or a change after it in which requests fail.
    /// </summary>
    private readonly PhaseReport _newest;
    private readonly Verdict _verdict;
    private readonly bool _isFailing,
        _isOutage,
        _isDoubtful;
    private readonly ImmutableArray<PodStatus> _pods;
    private readonly RunStatusKind _kind;

    /// <param name="report">The run.</param>
    /// <param name="live">Rates of the last seconds.</param>
    /// <param name="clock">Time zone for moments as time of day; null: moments are seconds of the run.</param>
    public StatusOfRun(RunReport report, LiveSample live, TimeZoneInfo? clock)
    {
        (_report, _live, _clock, _phase) = (report, live, clock, report.Latest);
        _newest = report.Phases[^1] is { Failures: > 0, IsCutOff: false } ending ? ending : _phase;
        var fails = live.Pods.IsEmpty ? _newest.Failures : live.FailedPerSecond * live.Window;
        var succeeds = live.Pods.IsEmpty ? _newest.Ok : live.OkPerSecond * live.Window;
        // What a machine that cannot keep up shows is not concluded to be the cluster's.
        var keepsUp = report.MachineGate is null;
        _isFailing = keepsUp && (live.Pods.IsEmpty ? fails > 0 : live.FailedPerSecond > Few);
        // The requests of a change include some of before it.
        var hasNoPod = live.Pods.IsEmpty && _newest.Diagnosis is { Name: ChangeDiagnosis.NoEndpoints };
        _isOutage = keepsUp && (hasNoPod || (succeeds == 0 && fails >= Outage));
        _verdict = CurrentVerdict.Of(report);
        var isCalled = _isOutage || _verdict.Kind is VerdictKind.Skewed;
        _pods = [.. _phase.Pods.Select((p, i) => StatusOf(p, _phase.Delivery.Successes.Shares[i].Expected, isCalled))];
        // Less than a fair share for a moment withdraws "even" until the evidence of the phase or the monitor decides.
        if (_verdict.Kind is VerdictKind.Even && _pods.Any(p => p.State is RowState.Undecided))
            (_verdict, _isDoubtful) = (_verdict with { Kind = VerdictKind.Undecided }, true);
        _kind = KindNow();
    }

    /// <summary>The Pods that should get load: those without a fair share (traffic policy, zone hints) cannot be
    /// missing.</summary>
    private IEnumerable<PodStatus> Due => _pods.Where(p => p.Expected > 0);

    private List<PodStatus> Answering => [.. Due.Where(p => p.State is not RowState.Silent && HasAnswered(p))];

    private List<PodStatus> Silent => [.. Due.Where(p => p.State is RowState.Silent)];

    private double FailedPerSecond =>
        _live.Pods.IsEmpty ? _newest.Failures / FairShare.SecondsOf(_newest) : _live.FailedPerSecond;

    private string Unit => _phase.StatusUnknown ? "requests/s" : "successes/s";

    /// <summary>Whether skew was called earlier in the run.</summary>
    private bool WasCalled =>
        _report.Status.EpisodesTotal > 0
        || _report.Phases.SkipLast(1).Any(p => p is { MachineGate: null, Delivery.Successes.Kind: VerdictKind.Skewed });

    public RunStatus Evaluate()
    {
        if (_report.MachineGate is { } gate)
            return Gated(gate);
        if (_kind is RunStatusKind.Waiting)
        {
            var waiting = Unevaluated();
            return waiting with { Title = Partial(waiting.Title), Pods = _pods };
        }
        var period = _kind switch
        {
            RunStatusKind.Balanced => Period.None,
            RunStatusKind.Undecided when !WasCalled => Period.None,
            RunStatusKind.Recovered or RunStatusKind.Undecided => Began(),
            _ => Onset(),
        };
        var diagnosis = DiagnosisNow();
        var headline = Headline(period);
        var (answering, silent) = (Answering, Silent);
        var isNamed = diagnosis is { IsMechanism: true };
        return new RunStatus
        {
            Kind = _kind,
            Headline = headline,
            Title = Partial(Title(headline, period)),
            Answers = _isOutage || answering.Count == 0 ? "No pod answers." : Describe(answering, describeClient: true),
            Silent = silent.Count == 0 ? "" : Describe(silent, describeClient: false),
            Failures = HowRequestsFail(),
            Since = period.Since + (period.Until.Length > 0 ? $" until {period.Until}" : ""),
            After = period.After,
            Hop = isNamed && (IsFault || !IsOfEarlierPhase) ? diagnosis!.Hop : "",
            Why = isNamed ? diagnosis!.Sentence : Unexplained(diagnosis),
            Verdict = _verdict,
            VerdictText = VerdictWords(),
            Diagnosis = diagnosis,
            Pods = _pods,
        };
    }

    private string Partial(string title) =>
        _report.EndedEarly is { } end ? $"Partial result, because {end.Reason}: {title}" : title;

    /// <summary>The machine could not keep up: nothing is said of the cluster.</summary>
    private RunStatus Gated(string gate)
    {
        var headline = $"Undecided: {gate}";
        var (requests, ok) = (_report.Totals.Requests, _report.Totals.Ok);
        return new RunStatus
        {
            Kind = RunStatusKind.Undecided,
            Headline = headline,
            Title = Partial(headline),
            Answers = $"{ok} of {requests} requests succeeded.",
            Why =
                $"Nothing is concluded about the cluster, because {gate}: use a lower rate, or a machine that does "
                + "nothing else.",
            Verdict = _verdict,
            VerdictText = VerdictWords(),
            Pods = _pods,
        };
    }

    private PodStatus StatusOf(PodPhase pod, double expected, bool isCalled)
    {
        var live = _live.Pods.FirstOrDefault(p => p.Pod?.HubbleName == pod.Pod.HubbleName);
        var rate = _live.Pods.IsEmpty ? pod.Ok / FairShare.SecondsOf(_phase) : live?.OkPerSecond ?? 0;
        // Successes are compared with successes: requests that fail evenly on all Pods leave none of them short.
        var (duePerSecond, due) = FairShare.SuccessesDue(_phase, _live, expected, isCalled);
        var state =
            expected <= 0 ? RowState.Answers
            : _isOutage ? (IsNotChosen(pod) ? RowState.Undecided : RowState.Silent)
            : FairShare.StateOf(rate, pod.Ok, duePerSecond, due, _live.Window);
        return new PodStatus(
            pod.Pod,
            pod.OnClientNode,
            isCalled || state is RowState.Answers ? state : RowState.Undecided,
            rate,
            _phase.Ok == 0 ? null : (double)pod.Ok / _phase.Ok,
            expected
        );
    }

    /// <summary>Whether requests reached other Pods and not this one, which then does not fail either.</summary>
    private bool IsNotChosen(PodPhase pod)
    {
        static bool IsChosen(PodPhase p) => p.Ok + p.Failed > 0 || p.HubbleRequests > 0 || p.Echo > 0;
        return !IsChosen(pod) && _phase.Pods.Any(IsChosen);
    }

    private RunStatusKind KindNow()
    {
        if (_phase.Requests == 0 && _live.Pods.IsEmpty)
            return RunStatusKind.Waiting;
        if (_isFailing)
            return RunStatusKind.Failing;
        if (_verdict.Kind is VerdictKind.Skewed)
            return RunStatusKind.Skewed;
        if (_verdict.Kind is VerdictKind.Undecided)
            return RunStatusKind.Undecided;
        return WasCalled ? RunStatusKind.Recovered : RunStatusKind.Balanced;
    }

    private RunStatus Unevaluated() =>
        _report.Phases.Any(p => p.Requests > 0)
            ? RunStatus.Unevaluated($"Phase {_phase.Name} has begun", "No request of this phase has an outcome yet.")
            : RunStatus.Of(LiveSample.None);

    private DiagnosisResult? DiagnosisNow()
    {
        // A run that has ended collects nothing more: what it does not name stays unknown.
        var named = NamedNow();
        return named is null && IsFault && HasEnded
            ? new DiagnosisResult { Name = DiagnosisResult.UnknownName, Sentence = TooLittle() }
            : named;
    }

    private DiagnosisResult? NamedNow()
    {
        var explainsPodsWithoutLoad = _pods.Any(p => p.Expected == 0);
        return _report.Diagnosis switch
        {
            null or { Name: DiagnosisResult.UndecidedName } => null,
            // What failed in an earlier phase is known, too.
            { } earlier when !IsFault && IsOfEarlierPhase => earlier,
            // What failed while the cluster was changing is known, whatever the shares show since.
            { Name: ChangeDiagnosis.NoEndpoints or ChangeDiagnosis.FailuresDuringChange } change => change,
            { Name: "even" } even => IsFault || _isDoubtful ? null : even,
            { Name: "unknown" } unknown => IsFault && _phase.Requests >= EnoughForDiagnosis ? unknown : null,
            _ when _kind is RunStatusKind.Skewed => _report.Diagnosis,
            _ when _kind is RunStatusKind.Failing && (IsDecided || _newest.Requests >= EnoughForDiagnosis) =>
                _report.Diagnosis,
            _ => explainsPodsWithoutLoad ? _report.Diagnosis : null,
        };
    }

    /// <summary>Whether the mechanism is that of failures before the current phase.</summary>
    private bool IsOfEarlierPhase =>
        _report.Phases.Any(p =>
            p is { IsEvaluated: true, Failures: > 0 }
            && !ReferenceEquals(p, _phase)
            && p.Diagnosis?.Name == _report.Diagnosis.Name
        );

    /// <summary>Whether nothing is sent any more.</summary>
    private bool HasEnded => _live.Pods.IsEmpty;

    private bool IsFault => _kind is RunStatusKind.Failing or RunStatusKind.Skewed;

    private bool IsDecided => _isOutage || _verdict.Kind is not VerdictKind.Undecided;
}
