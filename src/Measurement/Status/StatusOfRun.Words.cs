using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;
using static System.FormattableString;

namespace CiliumDebugging.Measurement.Status;

/// <summary>The words of a status.</summary>
internal sealed partial class StatusOfRun
{
    /// <summary>A moment that is longer ago than this needs its date, s.</summary>
    private const double SameDaySeconds = 20 * 3600;

    private string Headline(Period period)
    {
        var (total, silent) = (Due.Count(), Silent.Count);
        var all = Answer(total);
        var atFirst = Capitalised(all);
        var fail = period.Until.Length > 0 ? "requests failed" : "requests fail";
        if (total == 0)
            return _isFailing ? $"No pod should get load, and {fail}" : "No pod should get load";
        if (_isOutage && silent < total)
            return $"No request succeeds; {silent} of {total} pods {(silent == 1 ? "was" : "were")} chosen";
        if (silent > 0)
            return $"{total - silent} of {total} pods answer{(total - silent == 1 ? "s" : "")}";
        if (_verdict.Kind is VerdictKind.Skewed && !_isOutage)
            return $"{atFirst}, unevenly: {LargestDeviation()}{(_isFailing ? $", and {fail}" : "")}";
        var undecided = Due.Where(p => p.State is RowState.Undecided).ToList();
        var less = undecided.Exists(HasAnswered)
            ? $"{undecided.Count} of {total} pods have less than their share so far"
            : all;
        if (_isFailing)
            return undecided.Count > 0 ? $"{Capitalised(fail)}; {less}" : $"{atFirst}, and {fail}";
        if (undecided.Count > 0)
            return $"Undecided: {less}";
        return _kind switch
        {
            RunStatusKind.Recovered => $"Recovered: {all}",
            RunStatusKind.Undecided when WasCalled => $"{atFirst} again; undecided whether evenly",
            RunStatusKind.Undecided => $"{atFirst}; no skew found yet",
            _ => atFirst,
        };
    }

    /// <summary>The result of the run in one line.</summary>
    private string Title(string headline, Period period)
    {
        if (IsFault)
            return period.Since.Length == 0 ? headline
                : period.Until.Length == 0 ? $"{headline} since {period.Since} ({period.After})"
                : $"{headline} from {period.Since} until {period.Until} ({period.After})";
        var (total, answered) = (Due.Count(), Due.Count(p => p.Share > 0));
        var (requests, ok) = (_report.Totals.Requests, _report.Totals.Ok);
        var succeeded = _phase.StatusUnknown
            ? $"how {requests} requests ended is not known"
            : $"{ok} of {requests} requests succeeded";
        var result = _kind switch
        {
            RunStatusKind.Recovered => "Recovered",
            RunStatusKind.Balanced => "No skew",
            _ => "No skew found",
        };
        var strays = Shares.StrayAnswers(_phase) is > 0 and var others ? $", {others} of them by other pods" : "";
        return _report.Totals.Failures > 0
            ? $"{result}, but {_report.Totals.Failures} of {requests} requests failed{WhenRequestsFailed()}"
            : $"{result}: {Answered(answered, total)}, {succeeded}{strays}";
    }

    /// <summary>Where in the run requests failed: while it was changing, or in the phase in which most did.</summary>
    private string WhenRequestsFailed()
    {
        var complete = _report.Phases.Where(p => !p.IsCutOff).ToList();
        if (complete.Where(p => !p.IsEvaluated).Sum(p => p.Failures) == _report.Totals.Failures)
            return " while the cluster was changing";
        return complete.Where(p => p is { IsEvaluated: true, Failures: > 0 }).MaxBy(p => p.Failures) is { } worst
            ? $", {worst.Failures} of {worst.Requests} in phase {worst.Name}"
            : "";
    }

    /// <summary>The Pod whose share differs most from its fair share.</summary>
    private string LargestDeviation()
    {
        var names = ShortNames.Of(_pods.Select(p => p.Pod.Name));
        var pod = _pods.MaxBy(p => Math.Abs((p.Share ?? 0) - p.Expected))!;
        return Invariant($"{names[pod.Pod.Name]} gets {pod.Share ?? 0:0 %} instead of {pod.Expected:0 %}");
    }

    private string Answered(int answered, int total)
    {
        var due = total < _pods.Length ? "that should get load " : "";
        return total == 1 && answered == 1
            ? $"the only pod {due}answered{(_pods.Length == 1 ? ", so nothing can be uneven" : "")}"
            : $"{answered} of {total} pods {due}answered";
    }

    /// <summary>Whether a Pod has a success.</summary>
    private static bool HasAnswered(PodStatus pod) => pod.Share > 0 || pod.OkPerSecond > 0;

    /// <summary>The Pods that answer: all of them only where each has a success.</summary>
    private string Answer(int total)
    {
        var answered = Due.Count(HasAnswered);
        if (answered < total)
            return answered == 0
                ? "no pod has answered so far"
                : $"{answered} of {total} pods {(answered == 1 ? "has" : "have")} answered so far";
        if (total < _pods.Length)
            return $"all pods that should get load answer ({total} of {_pods.Length})";
        return total == 1 ? "the only pod answers" : $"all {total} pods answer";
    }

    private string Describe(List<PodStatus> pods, bool describeClient)
    {
        const int MaxNames = 4;
        string Name(PodStatus p) =>
            $"{p.Pod.Name} on {p.Pod.Node}{(describeClient && p.OnClientNode ? " (the client's node)" : "")}";
        var which =
            pods.Count <= MaxNames
                ? string.Join(", ", pods.Select(Name))
                : $"{pods.Count} pods on {pods.Select(p => p.Pod.Node).Distinct().Count()} nodes";
        return Invariant($"{which}: {pods.Sum(p => p.OkPerSecond):0.0} {Unit}");
    }

    private string HowRequestsFail()
    {
        if (!_isFailing)
            return "";
        var statuses = _newest.ByStatus.Where(s => !ResponseStatus.IsSuccess(s.Key)).OrderByDescending(s => s.Value);
        var status = statuses.Select(s => Invariant($"{s.Key}")).FirstOrDefault()
            ?? _newest.Unanswered.OrderByDescending(u => u.Value).Select(u => u.Key).FirstOrDefault();
        return Invariant($"{FailedPerSecond:0.0} requests/s {(status is null ? "fail" : $"end in {status}")}");
    }

    private string Moment(double seconds)
    {
        if (_clock is null)
            return Invariant($"{seconds:0.0} s");
        var moment = TimeZoneInfo.ConvertTime(_report.Details.StartedAt.AddSeconds(seconds), _clock);
        return _live.Elapsed.TotalSeconds - seconds < SameDaySeconds
            ? Invariant($"{moment:HH:mm:ss}")
            : Invariant($"{moment:yyyy-MM-dd HH:mm:ss}");
    }

    private string VerdictWords() =>
        _isDoubtful
            ? "undecided: some pods have had less than their share for a moment; before that, no skew"
            : VerdictText.Describe(_verdict, FairShare.OfferedPerSecond(_phase, _live));

    /// <summary>Why, where no mechanism is named.</summary>
    private string Unexplained(DiagnosisResult? diagnosis)
    {
        if (IsFault)
            return diagnosis?.Sentence ?? "Collecting evidence; no mechanism is named yet.";
        var succeeds =
            _phase.StatusUnknown ? "How requests end is not known"
            : _report.Totals.Failures > 0 ? $"No request of phase {_phase.Name} fails"
            : "No request fails";
        return $"{succeeds}; {VerdictWords()}.";
    }

    /// <summary>Why a run that has ended names no mechanism.</summary>
    private string TooLittle() =>
        _newest.Requests < EnoughForDiagnosis
            ? $"{Capitalised(Requests(_newest.Requests))} too few to name a mechanism (at least {EnoughForDiagnosis})."
            : "No mechanism is named: the counts of the latest phase do not decide.";

    private static string Requests(long count) => count == 1 ? "1 request is" : $"{count} requests are";

    private static string Capitalised(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
