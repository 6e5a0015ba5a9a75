using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// The evidence of an endless observation, in overlapping windows. The verdict is that of one window, whose data is at
/// most <paramref name="length"/> old (older only while its alarm is confirmed repeatedly, see 3).
/// <list type="number">
/// <item>A window begins when observing begins, and again when backends, their readiness or the rules on the path
/// change: counts from before a change are never compared with shares from after it.</item>
/// <item>When the shown window is half its length old, a successor begins. It replaces the shown window at that
/// window's full length, so every verdict is based on half a window of data or more.</item>
/// <item>An alarm of the shown window restarts the successor, which then has no data from before the skew. The
/// successor replaces the shown window as soon as it decides otherwise (even: the skew is over), or when it confirms
/// the skew after the shown window's full length. The onset of an episode is kept from window to window.</item>
/// </list>
/// </summary>
/// <remarks>
/// Error probability: every window is a separate test on data from after its beginning, valid at any time, and its
/// beginning depends only on earlier data. So each window is ever wrong with probability at most α, whichever window is
/// shown. Over n windows, at least one is wrong with probability at most n·α. Without changes and alarms 12 windows
/// begin in an hour at the default length: with α = 1e-4 one false decision is expected in 833 hours or more. Bounded
/// memory, no clock, not thread-safe.
/// </remarks>
/// <param name="options">Error probability of a window, and tolerance.</param>
/// <param name="length">Longest time that a window is shown. Default <see cref="DefaultLength"/>.</param>
internal sealed class EvidenceWindows(VerdictOptions options, TimeSpan? length = null)
{
    /// <summary>At one reading every 2 s, 150 to 300 readings, of which a decision needs at least 20.</summary>
    public static readonly TimeSpan DefaultLength = TimeSpan.FromMinutes(10);

    private readonly double _length = (length ?? DefaultLength).TotalSeconds;
    private Window? _shown,
        _successor;
    private SkewEpisode? _open;

    /// <summary>Windows so far.</summary>
    public int Count { get; private set; }

    /// <summary>The clients whose requests are evidence now.</summary>
    public IReadOnlyCollection<string> Clients =>
        _shown is { } shown
            ? [.. shown.Observer.Hubble.Totals.Keys.Select(k => k.Client).Where(c => c.Length > 0).Distinct()]
            : [];

    /// <summary>Discards all evidence.</summary>
    public void Restart() => (_shown, _successor, _open) = (null, null, null);

    /// <summary>Adds a round.</summary>
    /// <param name="round">The round, later than every one before.</param>
    /// <param name="service">The Service, with the same expected shares since the last restart.</param>
    /// <param name="source">Where the counters come from.</param>
    /// <param name="startedAt">When observing began.</param>
    /// <returns>The result of the shown window.</returns>
    public ObservedResult Add(ScrapeRound round, ObservedService service, string source, DateTimeOffset startedAt)
    {
        _shown ??= Begin(round.At, service);
        var shown = _shown;
        shown.Add(round, service, source, startedAt);
        _successor?.Add(round, service, source, startedAt);
        if (shown.AlarmsAgain() && !Replaces(round.At))
            _successor = Joined(round, service, source, startedAt);
        else if (_successor is null && round.At - shown.Began >= _length / 2)
            _successor = Joined(round, service, source, startedAt);
        if (Replaces(round.At))
            Replace();
        return Result();
    }

    /// <summary>Whether the successor replaces the shown window now.</summary>
    private bool Replaces(double at)
    {
        if (_shown is not { } shown || _successor is not { } next)
            return false;
        var decided = next.Kind is not VerdictKind.Undecided;
        if (decided && shown.Kind is not VerdictKind.Undecided && next.Kind != shown.Kind)
            return true;
        return at - shown.Began >= _length && (decided || at - next.Began >= _length / 2);
    }

    private void Replace()
    {
        if (_shown!.Kind is VerdictKind.Skewed)
            _open ??= _shown.OpenEpisode;
        (_shown, _successor) = (_successor, null);
    }

    private ObservedResult Result()
    {
        var result = _shown!.Result!;
        if (_shown.Kind is VerdictKind.Even)
            _open = null;
        if (_open is null || _shown.Kind is not VerdictKind.Skewed)
            return result;
        var status = result.Report.Status;
        var kept = status with { Episodes = [_open], EpisodesTotal = Math.Max(1, status.EpisodesTotal) };
        return result with { Report = result.Report with { Status = kept } };
    }

    private Window Begin(double at, ObservedService service)
    {
        Count++;
        return new Window(new ServiceObserver(service, options, at), at);
    }

    /// <summary>A window that begins with this round.</summary>
    private Window Joined(ScrapeRound round, ObservedService service, string source, DateTimeOffset startedAt)
    {
        var window = Begin(round.At, service);
        window.Add(round, service, source, startedAt);
        return window;
    }

    private sealed class Window(ServiceObserver observer, double began)
    {
        private int _alarms;

        public ServiceObserver Observer => observer;

        public double Began => began;

        public ObservedResult? Result { get; private set; }

        public VerdictKind Kind => Result?.Report.Latest.Delivery.Successes.Kind ?? VerdictKind.Undecided;

        public SkewEpisode? OpenEpisode =>
            Result?.Report.Status.Episodes is [.., { End: EpisodeEnd.Open } open] ? open : null;

        public void Add(ScrapeRound round, ObservedService service, string source, DateTimeOffset startedAt)
        {
            observer.Add(round, service);
            Result = ObservedReport.Of(observer, source, startedAt);
        }

        /// <summary>Whether there was an alarm since the last call.</summary>
        public bool AlarmsAgain()
        {
            // A segment ends with its alarm.
            var alarms = Result is { Report.Status.Segment: var segment } ? segment - 1 : 0;
            var more = alarms > _alarms;
            _alarms = Math.Max(alarms, _alarms);
            return more;
        }
    }
}
