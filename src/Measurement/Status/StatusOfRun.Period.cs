using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;
using static System.FormattableString;

namespace CiliumDebugging.Measurement.Status;

/// <summary>Since when, until when and after what.</summary>
internal sealed partial class StatusOfRun
{
    /// <summary>So many quiet intervals end failures.</summary>
    private const int QuietIntervals = 3;

    /// <summary>When something was so, in words.</summary>
    /// <param name="Since">Its begin; empty where nothing is dated.</param>
    /// <param name="Until">Its end; empty when it has none.</param>
    /// <param name="After">The event before it.</param>
    private readonly record struct Period(string Since, string Until, string After)
    {
        public static Period None { get; } = new("", "", "");
    }

    private Period Onset()
    {
        if (
            _report.Status.Episodes is not [.., var last]
            || last.Onset.Best.At is not { } at
            || (last.End is not EpisodeEnd.Open && !IsEndedSkewOfPhase(last, at))
        )
            return Began();
        // A change takes time to reach every node, so the evidence may date the onset after the change.
        var cause =
            last.Onset.Events.IsEmpty && _report.Details.Events.LastOrDefault(e => e.At <= at) is { } before
                ? Invariant($"{before.Name} {(at - before.At).TotalSeconds:0.0} s before")
                : last.Onset.DescribeEvents();
        var until = last is { End: EpisodeEnd.Recovered, EndAt: { } end } ? Moment(end.TotalSeconds) : "";
        return new Period(Moment(at.TotalSeconds), until, cause);
    }

    /// <summary>Whether a phase is called skewed for an episode that has ended in it.</summary>
    private bool IsEndedSkewOfPhase(SkewEpisode episode, TimeSpan at) =>
        _kind is RunStatusKind.Skewed
        && episode is { End: EpisodeEnd.Recovered, EndAt: not null }
        && at.TotalSeconds >= _phase.Start;

    /// <summary>Without an onset: the begin of the phase since which requests fail, and the last event before it. What
    /// failed in a change began with its first event. Where the counters that count the requests show a later begin, or
    /// an end, it is theirs.</summary>
    private Period Began()
    {
        var began = _newest;
        if (_isFailing)
        {
            var earlier = _report
                .Phases.TakeWhile(p => !ReferenceEquals(p, _newest))
                .Where(p => p.IsEvaluated)
                .Reverse();
            began = earlier.TakeWhile(p => FailureRate.IsAsBefore(_newest, p)).LastOrDefault() ?? _newest;
        }
        var (counted, until) = _isFailing ? CountedFailures(began) : (null, null);
        var (events, start) = (_report.Details.Events, counted ?? began.Start);
        var first = began.IsEvaluated
            ? null
            : events.FirstOrDefault(e => e.At.TotalSeconds > start && e.At.TotalSeconds <= start + began.Seconds);
        var cause = first ?? events.LastOrDefault(e => e.At.TotalSeconds <= start + 1e-6);
        var since = counted ?? cause?.At.TotalSeconds ?? start;
        return new Period(Moment(since), until is { } end ? Moment(end) : "", cause?.Name ?? "no recorded event");
    }

    /// <summary>
    /// Begin of the first interval of Hubble's counters in which requests fail, and end of the last one; null where it
    /// is that of the phase. Failures have ended when there are none for longer than ever between two of them. A load
    /// of one's own dates its requests better: Hubble counts a failure after the proxy's retries.
    /// </summary>
    private (double? Since, double? Until) CountedFailures(PhaseReport began)
    {
        var samples = _report.Details.Series.Where(s => s.At >= began.Start).ToList();
        if (began.SelectionSource != "Hubble" || samples.Count <= QuietIntervals)
            return (null, null);
        var interval = (samples[^1].At - samples[0].At) / (samples.Count - 1);
        if (samples[0].At > began.Start + 2 * interval)
            return (null, null);
        var failing = Enumerable
            .Range(1, samples.Count - 1)
            .Where(i => FailuresIn(samples[i]) > FailuresIn(samples[i - 1]))
            .ToList();
        if (failing.Count == 0)
            return (null, null);
        var longest = failing.Zip(failing.Skip(1), (a, b) => b - a).DefaultIfEmpty(1).Max();
        var quiet = samples.Count - 1 - failing[^1];
        return (
            failing[0] == 1 ? null : samples[failing[0] - 1].At,
            quiet > Math.Max(QuietIntervals, longest) ? samples[failing[^1]].At : null
        );
    }

    private static double FailuresIn(SeriesSample sample) =>
        sample.Pods.Values.Sum(p => p.Responses.Where(r => !ResponseStatus.IsSuccess(r.Key)).Sum(r => r.Value));
}
