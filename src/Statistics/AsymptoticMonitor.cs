using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>Watches shares over scrape intervals for skew that begins at an unknown moment: the counterpart of
/// <see cref="SkewMonitor"/>, with the same weights of starts and segments (M_n = Σ v_j E_j, alarm at 1/α) and
/// asymptotic evidence. Bounded memory, no clock, not thread-safe.</summary>
public sealed class AsymptoticMonitor
{
    /// <summary>Scrape intervals from one possible start to the next.</summary>
    public const int IntervalsPerBlock = 10;

    /// <summary>Most starts remembered; older ones of blocks go first, never the first of a segment.</summary>
    public const int MaxStarts = 64;

    private sealed record Start(
        long Intervals,
        TimeSpan? At,
        RecordedEvent? Event,
        double LogWeight,
        AsymptoticShares Before
    );

    private readonly VerdictOptions _options;
    private readonly List<Start> _starts = [];
    private readonly List<SkewEpisode> _episodes = [];
    private AsymptoticShares _shares;
    private AsymptoticShares _segmentBegan;
    private int _segment = 1,
        _events,
        _blocks;
    private long _episodesTotal,
        _intervals;
    private TimeSpan _now;

    /// <param name="startedAt">Start of the first interval, since observing began. Default 0.</param>
    public AsymptoticMonitor(
        ImmutableArray<string> backends,
        VerdictOptions? options = null,
        TimeSpan startedAt = default
    )
    {
        _now = startedAt;
        _options = options ?? VerdictOptions.Default;
        _shares = _segmentBegan = AsymptoticShares.Of(backends);
    }

    /// <summary>Skewed from an alarm until recovery.</summary>
    public VerdictKind State { get; private set; }

    /// <summary>Everything seen of the present backends.</summary>
    public AsymptoticShares Shares => _shares;

    private VerdictOptions SegmentOptions => _options.ForSegment(_segment);

    /// <summary>Something was done to the cluster before the next interval.</summary>
    public void Record(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        _events++;
        Remember(new Start(_intervals, recorded.At, recorded, LogWeight(_events), _shares));
    }

    /// <summary>Other backends from the next interval on; an open episode ends.</summary>
    public void Expect(ImmutableArray<string> backends, RecordedEvent why)
    {
        _starts.Clear();
        _shares = _segmentBegan = AsymptoticShares.Of(backends);
        EndEpisode(EpisodeEnd.BackendsChanged);
        State = VerdictKind.Undecided;
        Record(why);
    }

    /// <summary>Adds a scrape interval.</summary>
    /// <param name="at">Its end, since observing began.</param>
    /// <param name="counts">Events of each backend.</param>
    /// <param name="expected">Events each should have had.</param>
    /// <returns>The state after it.</returns>
    public VerdictKind Add(TimeSpan at, IReadOnlyList<double> counts, IReadOnlyList<double> expected)
    {
        if (_intervals % IntervalsPerBlock == 0)
        {
            _blocks++;
            Remember(new Start(_intervals, _now, null, LogWeight(_blocks), _shares));
        }
        _intervals++;
        _now = at;
        _shares = _shares.With(counts, expected);
        var threshold = -Math.Log(SegmentOptions.ErrorProbability);
        if (Wealth() >= threshold)
            Alarm();
        else if (_shares.Since(_segmentBegan).LogEven(_options.Tolerance) >= threshold)
        {
            if (State is VerdictKind.Skewed)
                EndEpisode(EpisodeEnd.Recovered);
            State = VerdictKind.Even;
        }
        return State;
    }

    /// <summary>The state and the episodes so far.</summary>
    public SkewStatus Status() =>
        new(State, _segment, _shares.Since(_segmentBegan).Verdict(SegmentOptions), [.. _episodes], _episodesTotal);

    private static double LogWeight(int number) => -Math.Log(2.0 * number * (number + 1));

    private double LogEvidence(Start start) =>
        start.LogWeight + _shares.Since(start.Before).LogSkewed(_options.Tolerance);

    private double Wealth() =>
        _starts.Aggregate(double.NegativeInfinity, (sum, start) => LogSpace.LogAdd(sum, LogEvidence(start)));

    private void Alarm()
    {
        var candidates = _starts
            .Select(s => new OnsetCandidate((long)s.Before.Total, s.At, s.Event, LogEvidence(s)))
            .OrderBy(c => c.Connection)
            .ToImmutableArray();
        var support = Onset.SupportOf(candidates, out var best);
        var since = _shares.Since(
            _starts
                .First(s => s.Event == candidates[best].Event && (long)s.Before.Total == candidates[best].Connection)
                .Before
        );
        var onset = new Onset(
            candidates[best],
            support,
            since.Expected,
            new BackendCounts([.. since.Counts.Select(c => (long)Math.Round(c))], 0)
        );
        if (State is VerdictKind.Skewed && _episodes is [.., { End: EpisodeEnd.Open } open])
        {
            _episodes[^1] = open with { Alarms = open.Alarms + 1 };
        }
        else
        {
            _episodes.Add(new SkewEpisode(onset, (long)_shares.Total, _now, SegmentOptions.ErrorProbability, 1));
            _episodesTotal++;
            if (_episodes.Count > SkewMonitor.EpisodesKept)
                _episodes.RemoveAt(0);
        }
        State = VerdictKind.Skewed;
        _segment++;
        _starts.Clear();
        _segmentBegan = _shares;
    }

    private void EndEpisode(EpisodeEnd end)
    {
        if (_episodes is [.., { End: EpisodeEnd.Open } open])
            _episodes[^1] = open with { End = end, EndConnection = (long)_shares.Total, EndAt = _now };
    }

    private void Remember(Start start)
    {
        _starts.Add(start);
        if (_starts.Count > MaxStarts)
            _starts.RemoveAt(_starts.FindIndex(1, s => s.Event is null) is > 0 and var block ? block : 1);
    }
}
