using System.Diagnostics.CodeAnalysis;

namespace CiliumDebugging.Statistics;

/// <summary>Watches for skew that begins at an unknown moment and says when it began. Deterministic, no clock, bounded
/// memory, not thread-safe.</summary>
/// <remarks>M_n = Σ v_j E_{j:n}, where E_{j:n} is the skew e-value of the observations since start j. Under "never
/// skewed" it is a supermartingale with M_0 ≤ 1, so P(M ever reaches 1/α) ≤ α (Ville's inequality). Bounds are checked
/// at every observation; special functions come in only when those leave the question open, at looks that may be 1 % of
/// the data since the best start apart. Starts with all shares inside the tolerance (together at most 1) and starts
/// that together could add at most 0.1 % of the threshold are left out of the sum. Looking less often and dropping
/// starts can only delay an alarm.</remarks>
public sealed class OnsetMonitor
{
    /// <summary>Below this many nats the rough bound is good enough.</summary>
    private const double LittleEvidence = 2;

    /// <summary>While a decision is near, look exactly each time the data since the best start have grown by this
    /// fraction.</summary>
    private const double LookEvery = 0.01;
    private readonly OnsetStarts _starts = new();
    private readonly List<(OnsetStart Start, double LogBound)> _open = [];
    private readonly VerdictOptions _options;
    private readonly double _logThreshold;
    private readonly double _logNegligible;
    private readonly long _connectionsBefore;
    private SkewEvidence _evidence;
    private double[] _counts;
    private double[] _since;
    private double _unattributed;
    private double _logGreatestStep;
    private int _connectionsToNextExact;

    /// <param name="options">Error probability of a false alarm over the whole life of the monitor, and
    /// tolerance.</param>
    /// <param name="connectionsBefore">Observations of the run before this monitor began; added to the positions it
    /// reports.</param>
    public OnsetMonitor(ExpectedShares expected, VerdictOptions? options = null, long connectionsBefore = 0)
    {
        ArgumentNullException.ThrowIfNull(expected);
        _options = options ?? VerdictOptions.Default;
        _logThreshold = -Math.Log(_options.ErrorProbability);
        _logNegligible = _logThreshold + Math.Log(1e-3 / OnsetStarts.Most);
        Connections = _connectionsBefore = connectionsBefore;
        Adopt(expected);
    }

    /// <summary>Observations of the run so far.</summary>
    public long Connections { get; private set; }

    /// <summary>The onset, from the alarm on; null while there was none.</summary>
    public Onset? Onset { get; private set; }

    /// <summary>Starts remembered now.</summary>
    public int Remembered => _starts.All.Count;

    /// <summary>Something happened before the next observation: a start with a weight of its own.</summary>
    public void Record(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        _starts.AddEvent(recorded, Connections, _counts, _unattributed);
    }

    /// <summary>The expected shares change before the next observation. Earlier starts are dropped (their data were
    /// compared with other shares), the change itself is a recorded event, and the error probability still covers the
    /// whole life of the monitor.</summary>
    public void Expect(ExpectedShares expected, RecordedEvent why)
    {
        ArgumentNullException.ThrowIfNull(expected);
        _starts.Clear();
        Adopt(expected);
        Record(why);
    }

    /// <summary>Adds one observation and says whether this one raised the alarm.</summary>
    /// <param name="backend">Position of the backend in the expected shares; null where unknown.</param>
    /// <param name="startedAt">Start of the request, since the start of the run.</param>
    public bool Add(int? backend, TimeSpan startedAt = default)
    {
        if ((Connections - _connectionsBefore) % OnsetStarts.ConnectionsPerBlock == 0)
            _starts.AddBlock(Connections, _counts, _unattributed);
        for (var i = _starts.All.Count - 1; i >= 0 && _starts.All[i].At is null; i--)
            _starts.All[i].At = startedAt;
        if (backend is { } position)
            _counts[position]++;
        else
            _unattributed++;
        Connections++;
        if (Onset is not null || !ReachesThreshold())
            return false;
        Onset = Estimate();
        return true;
    }

    /// <summary>ln M_n now, exactly.</summary>
    public double LogWealth()
    {
        var wealth = double.NegativeInfinity;
        foreach (var start in _starts.All)
            wealth = LogSpace.LogAdd(wealth, LogEvidence(start));
        return wealth;
    }

    [MemberNotNull(nameof(_evidence), nameof(_counts), nameof(_since))]
    private void Adopt(ExpectedShares expected)
    {
        _evidence = new SkewEvidence(expected, _options.Tolerance);
        (_counts, _since) = (new double[expected.Count], new double[expected.Count]);
        (_unattributed, _connectionsToNextExact) = (0, 0);
        _logGreatestStep = _evidence.LogGreatestStep;
    }

    private bool ReachesThreshold()
    {
        // 1. Which starts could matter at all? No logarithms, and none of it until enough connections have followed.
        _open.Clear();
        // Starts with all shares inside the tolerance have e-values of at most 1, and the weights sum to at most 1.
        var bound = 1.0;
        foreach (var start in _starts.All)
        {
            if (start.NextLook > Connections)
                continue;
            var relevant = Math.Max(0, _logNegligible - start.LogWeight);
            var (rough, selections) = _evidence.RoughSkewed(_since, Since(start), relevant);
            if (rough <= relevant)
            {
                // Counting nats instead, one selection adds at most that many.
                start.NextLook = Connections + Math.Floor(Math.Max(selections, (relevant - rough) / _logGreatestStep));
                continue;
            }
            start.NextLook = Connections;
            // 2. What could they amount to? Likelihood ratios, where those say more.
            var logBound =
                start.LogWeight + (rough < LittleEvidence ? rough : _evidence.LogSkewedBound(_since, Since(start)));
            _open.Add((start, logBound));
            bound += Math.Exp(logBound);
        }
        if (--_connectionsToNextExact > 0 || Math.Log(bound) < _logThreshold)
            return false;
        // 3. What do they amount to? And when is the next look worth its price?
        var (wealth, best, most) = (double.NegativeInfinity, Connections, double.NegativeInfinity);
        foreach (var (start, logBound) in _open)
        {
            if (logBound < _logNegligible)
                continue;
            var logEvidence = LogEvidence(start);
            wealth = LogSpace.LogAdd(wealth, logEvidence);
            if (logEvidence > most)
                (best, most) = (start.Connection, logEvidence);
        }
        // One connection multiplies every e-value by e^_logGreatestStep at most.
        var earliest = (_logThreshold - LogSpace.LogAdd(wealth, 0)) / _logGreatestStep;
        _connectionsToNextExact = (int)Math.Clamp(Math.Max(earliest, LookEvery * (Connections - best)), 1, 1000);
        return wealth >= _logThreshold;
    }

    private Onset Estimate()
    {
        var candidates = _starts
            .All.Where(s => s.Connection < Connections)
            .OrderBy(s => s.Connection)
            .Select(s => (Start: s, Candidate: new OnsetCandidate(s.Connection, s.At, s.Event, LogEvidence(s))))
            .ToList();
        var support = Onset.SupportOf([.. candidates.Select(c => c.Candidate)], out var best);
        var unattributed = Since(candidates[best].Start);
        return new Onset(
            candidates[best].Candidate,
            support,
            _evidence.Expected,
            BackendCounts.FromDoubles(_since, unattributed)
        );
    }

    private double LogEvidence(OnsetStart start)
    {
        var unattributed = Since(start);
        return start.LogWeight + _evidence.LogSkewed(_since, unattributed);
    }

    /// <summary>Fills <see cref="_since"/> with the counts since a start and returns the unattributed ones.</summary>
    private double Since(OnsetStart start)
    {
        var before = start.CountsBefore;
        for (var i = 0; i < _since.Length; i++)
            _since[i] = _counts[i] - before[i];
        return _unattributed - start.UnattributedBefore;
    }
}
