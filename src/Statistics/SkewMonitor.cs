using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>How a skew episode ended.</summary>
public enum EpisodeEnd
{
    /// <summary>It has not.</summary>
    Open,

    /// <summary>A later segment was found even.</summary>
    Recovered,

    /// <summary>The expected shares changed before it was known to have ended.</summary>
    BackendsChanged,
}

/// <summary>Skew from its alarm to its end.</summary>
/// <param name="AlarmConnection">Observations of the run up to the alarm.</param>
/// <param name="AlarmAt">Start of the observation that raised it.</param>
/// <param name="ErrorProbability">Probability that this alarm is false.</param>
/// <param name="Alarms">Alarms in this episode: the first, and confirmations since.</param>
/// <param name="EndConnection">Observations of the run when the end was established; null while open.</param>
public sealed record SkewEpisode(
    Onset Onset,
    long AlarmConnection,
    TimeSpan AlarmAt,
    double ErrorProbability,
    int Alarms,
    EpisodeEnd End = EpisodeEnd.Open,
    long? EndConnection = null
)
{
    /// <summary>Start of the observation that established the end; null while open.</summary>
    public TimeSpan? EndAt { get; init; }
}

/// <summary>The state of a monitored service.</summary>
/// <param name="State">Skewed from an alarm until recovery; even once the segment was found even; otherwise
/// undecided.</param>
/// <param name="Segment">1 + number of alarms so far.</param>
/// <param name="Verdict">Verdict on the observations of the current segment alone, at the segment's error
/// probability.</param>
/// <param name="Episodes">The latest episodes, at most <see cref="SkewMonitor.EpisodesKept"/>.</param>
/// <param name="EpisodesTotal">All episodes of the run.</param>
public sealed record SkewStatus(
    VerdictKind State,
    int Segment,
    Verdict Verdict,
    ImmutableArray<SkewEpisode> Episodes,
    long EpisodesTotal
);

/// <summary>Evaluates one stream of observations (selections, or successes for delivery) over a whole run: even, alarm,
/// onset, recovery. Feed it in the order of request starts, see <see cref="ResolvedPrefix{T}"/>. Not
/// thread-safe.</summary>
/// <remarks>Up to the first alarm false alarms have probability at most α. An alarm starts segment s = 2, 3, …,
/// evaluated at α/(s(s+1)), so that all later segments together add at most α/2. A change of the expected shares starts
/// a new segment of data, too, but the onset search goes on with what is left of its weights, so it adds nothing to the
/// error probability. "Even" holds for the segment of data it was found in.</remarks>
public sealed class SkewMonitor
{
    /// <summary>Episodes remembered, the latest ones.</summary>
    public const int EpisodesKept = 100;

    private readonly VerdictOptions _options;
    private readonly List<SkewEpisode> _episodes = [];
    private long _episodesTotal;
    private int _segment = 1;
    private SkewTest _test;
    private OnsetMonitor _onset;
    private double _nextEvenLook;
    private TimeSpan _now;

    /// <param name="expected">The shares to compare with from the beginning.</param>
    public SkewMonitor(ExpectedShares expected, VerdictOptions? options = null)
    {
        _options = options ?? VerdictOptions.Default;
        _test = new SkewTest(expected, _options);
        _onset = new OnsetMonitor(expected, _options);
    }

    /// <summary>Skewed, even or undecided at this moment.</summary>
    public VerdictKind State { get; private set; }

    /// <summary>Observations of the run so far.</summary>
    public long Connections => _onset.Connections;
    public ExpectedShares Expected => _test.Expected;

    private VerdictOptions SegmentOptions => _options.ForSegment(_segment);

    /// <summary>Something was done to the cluster before the next observation.</summary>
    public void Record(RecordedEvent recorded) => _onset.Record(recorded);

    /// <summary>Other shares are expected from the next observation on; <paramref name="why"/> is recorded as an
    /// event.</summary>
    public void Expect(ExpectedShares expected, RecordedEvent why)
    {
        (_test, _nextEvenLook) = (new SkewTest(expected, SegmentOptions), 0);
        _onset.Expect(expected, why);
        EndEpisode(EpisodeEnd.BackendsChanged);
        State = VerdictKind.Undecided;
    }

    /// <summary>Adds one observation and returns the state after it.</summary>
    /// <param name="backend">Position of the backend in the expected shares; null where unknown.</param>
    /// <param name="startedAt">Start of the request, since the start of the run.</param>
    public VerdictKind Add(int? backend, TimeSpan startedAt = default)
    {
        _now = startedAt;
        if (backend is { } position)
            _test.Add(position);
        else
            _test.AddUnattributed();

        if (_onset.Add(backend, startedAt))
            RaiseAlarm(startedAt);
        else if (State != VerdictKind.Even && Connections >= _nextEvenLook)
            LookForEven();
        return State;
    }

    /// <summary>Everything there is to report now.</summary>
    public SkewStatus Status(SelectionUnit unit = SelectionUnit.FreshSelection) =>
        new(State, _segment, _test.Verdict(unit), [.. _episodes], _episodesTotal);

    private void LookForEven()
    {
        if (_test.IsEven)
        {
            EndEpisode(EpisodeEnd.Recovered);
            State = VerdictKind.Even;
            return;
        }
        _nextEvenLook = Connections + _test.SelectionsBeforeEven;
    }

    private void RaiseAlarm(TimeSpan at)
    {
        if (State == VerdictKind.Skewed)
        {
            _episodes[^1] = _episodes[^1] with { Alarms = _episodes[^1].Alarms + 1 };
        }
        else
        {
            if (_episodes.Count == EpisodesKept)
                _episodes.RemoveAt(0);
            _episodes.Add(new SkewEpisode(_onset.Onset!, Connections, at, SegmentOptions.ErrorProbability, 1));
            _episodesTotal++;
            State = VerdictKind.Skewed;
        }
        _segment++;
        (_test, _nextEvenLook) = (new SkewTest(Expected, SegmentOptions), 0);
        _onset = new OnsetMonitor(Expected, SegmentOptions, Connections);
    }

    private void EndEpisode(EpisodeEnd end)
    {
        if (State == VerdictKind.Skewed)
            _episodes[^1] = _episodes[^1] with { End = end, EndConnection = Connections, EndAt = _now };
    }
}
