using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// What is known of the lab right now, for everything that shows it: pages, the terminal, Aspire. Fed by the process that runs the scenario; bounded. Thread-safe.
/// </summary>
/// <param name="time">Time source.</param>
public sealed class LiveState(TimeProvider time)
{
    /// <summary>Longer than anyone's scrape interval.</summary>
    private static readonly TimeSpan s_glance = TimeSpan.FromMinutes(2);

    private const int EventsShown = 50,
        CountersKept = 4;

    private readonly Lock _lock = new();
    private readonly Timeline _timeline = new();
    private readonly Queue<SeriesSample> _counters = new();
    private readonly List<(double At, int Dropped, double[] Values, int Layout)> _newSamples = [];
    private RunReport? _report;
    private LiveRates _live = LiveRates.None;
    private PageState _state = PageState.Empty;
    private PageInfo _lab = PageInfo.Empty;
    private int _watchers;
    private int _run;
    private long _watchedUntil = long.MinValue;

    /// <summary>Called after every change, with the lock of nobody held: whoever shows the feed wakes up.</summary>
    public event Action? Changed;

    /// <summary>The state.</summary>
    public PageState State
    {
        get
        {
            lock (_lock)
                return _state;
        }
    }

    /// <summary>The lab.</summary>
    public PageInfo Lab
    {
        get
        {
            lock (_lock)
                return _lab;
        }
    }

    /// <summary>The newest report, as it stands; null before there is one.</summary>
    public RunReport? Report
    {
        get
        {
            lock (_lock)
                return _report;
        }
    }

    /// <summary>Whether somebody watches: a judgement of the run as it stands is made for watchers alone.</summary>
    public bool IsWatched => Volatile.Read(ref _watchers) > 0 || time.GetTimestamp() < Volatile.Read(ref _watchedUntil);

    /// <summary>Watches for a while: for those who look now and then and never say that they are done.</summary>
    public void Glance() =>
        Volatile.Write(
            ref _watchedUntil,
            time.GetTimestamp() + (long)(s_glance.TotalSeconds * time.TimestampFrequency)
        );

    /// <summary>Watches until it is disposed.</summary>
    public IDisposable Watch()
    {
        Interlocked.Increment(ref _watchers);
        return new Watcher(this);
    }

    private sealed class Watcher(LiveState feed) : IDisposable
    {
        private LiveState? _feed = feed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _feed, null) is { } watched)
                Interlocked.Decrement(ref watched._watchers);
        }
    }

    /// <summary>When anything changed last, as a time stamp of the time source.</summary>
    public long ChangedAt { get; private set; } = time.GetTimestamp();

    /// <summary>What changes seldom.</summary>
    public void SetLab(PageInfo lab)
    {
        ArgumentNullException.ThrowIfNull(lab);
        Change(() => _lab = lab);
    }

    /// <summary>A run begins.</summary>
    public void Begin(string scenario, string title, bool byHand, double ratePerSecond) =>
        Change(() =>
        {
            Clear();
            _state = PageState.Empty with
            {
                Activity = "starting",
                Scenario = scenario,
                Title = title,
                Manual = byHand,
                RatePerSecond = ratePerSecond,
            };
        });

    /// <summary>An observation of a Service begins, or begins again after a run.</summary>
    /// <param name="title">What is observed, in one line.</param>
    /// <param name="situation">What to show until the first counters are read.</param>
    /// <returns>The observation's number, for <see cref="Observed"/> and <see cref="Unobserved"/>.</returns>
    public int BeginWatch(string title, RunStatus situation)
    {
        ArgumentNullException.ThrowIfNull(situation);
        var run = 0;
        Change(() =>
        {
            Clear();
            run = _run;
            _state = PageState.Empty with { Activity = "watching", Title = title, Step = title, Situation = situation };
        });
        return run;
    }

    /// <summary>What an observation sees now. The rates of the rows are those of <paramref name="live"/>.</summary>
    /// <param name="run">Number of the observation.</param>
    /// <param name="live">Rates over the last readings.</param>
    /// <param name="report">The evidence so far; its series ends with the newest counters.</param>
    /// <param name="instead">
    /// Why there is no verdict; it takes the place of the situation, and the rows are shown with rates of 0. Null:
    /// there is traffic, and the report says what it is like.
    /// </param>
    /// <returns>False when a run or another observation has begun since: nothing was changed.</returns>
    public bool Observed(int run, LiveRates live, RunReport report, RunStatus? instead)
    {
        ArgumentNullException.ThrowIfNull(live);
        ArgumentNullException.ThrowIfNull(report);
        return ChangeOf(run, () =>
        {
            (_live, _report) = (live, report);
            AddNewest(report);
            Describe();
            _state = _state with
            {
                At = live.At,
                Requests = live.Requests,
                Responses = live.Responses,
                FailedPerSecond = live.FailedPerSecond,
                Situation = instead ?? RunStatus.Of(report, live, time.LocalTimeZone),
            };
            if (instead is not null)
                Withhold([.. _state.Rows.Select(WithoutRates)]);
        });
    }

    /// <summary>An observation sees nothing.</summary>
    /// <param name="run">Number of the observation.</param>
    /// <param name="why">Why.</param>
    /// <param name="podsAreKnown">
    /// Whether the Pods seen last may still be there: their rows stay, with rates of 0.
    /// </param>
    /// <returns>False when a run or another observation has begun since: nothing was changed.</returns>
    public bool Unobserved(int run, RunStatus why, bool podsAreKnown) => ChangeOf(run, () =>
        {
            (_live, _report) = (LiveRates.None, null);
            _state = _state with { FailedPerSecond = 0, Situation = why };
            Withhold(podsAreKnown ? [.. _state.Rows.Select(WithoutRates)] : []);
        });

    /// <summary>A step of the run, or what else goes on.</summary>
    public void Step(string what) => Change(() => _state = _state with { Step = what });

    /// <summary>What the client sees, about twice a second.</summary>
    public void Sample(LiveRates live)
    {
        ArgumentNullException.ThrowIfNull(live);
        Change(() =>
        {
            _live = live;
            if (!IsWatched)
                _report = null; // what it says is old by the time somebody looks
            _state = _state with
            {
                Activity = "running",
                At = live.At,
                Requests = live.Requests,
                Responses = live.Responses,
                FailedPerSecond = live.FailedPerSecond,
            };
            Describe();
        });
    }

    /// <summary>The run as it stands, about once a second; its series holds the newest counters.</summary>
    public void Progress(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        Change(() =>
        {
            _report = report;
            AddNewest(report);
            Describe();
        });
    }

    /// <summary>The newest counters of a run that nobody watches: the charts of a page that is opened later begin where the run did.</summary>
    public void Counters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode)
    {
        ArgumentNullException.ThrowIfNull(newest);
        Change(() =>
        {
            if (_counters.Count == 0 || newest.At > _counters.Last().At)
                Add(newest, pods, clientNode, verdict: null);
        });
    }

    /// <summary>A report of the run as it stands; null when there is none within the limit.</summary>
    public async Task<RunReport?> NextReportAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var watch = Watch();
        var (before, next) = (Report, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Changed += OnChanged;
        try
        {
            await next.Task.WaitAsync(limit, time, cancellationToken);
            return Report;
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            Changed -= OnChanged;
        }

        void OnChanged()
        {
            if (Report is { } report && !ReferenceEquals(report, before))
                next.TrySetResult();
        }
    }

    /// <summary>The run is over.</summary>
    public void End(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        Change(() =>
        {
            (_report, _live) = (report, LiveRates.None);
            Describe();
            _state = _state with { Activity = "ended", Step = "the run is over" };
        });
    }

    /// <summary>The run broke.</summary>
    public void Fail(string why) =>
        Change(() =>
        {
            _live = LiveRates.None;
            RunStatus situation = _state.Situation with { Kind = "waiting", Headline = "The run broke", Why = why };
            _state = _state with { Activity = "ended", Step = why, Failure = why, Situation = situation };
        });

    /// <summary>Reads the charts, whole; samples that were new are so no longer.</summary>
    internal T ReadTimeline<T>(Func<Timeline, T> read)
    {
        lock (_lock)
            return read(_timeline);
    }

    /// <summary>The samples since the last call.</summary>
    internal ImmutableArray<(double At, int Dropped, double[] Values, int Layout)> TakeSamples()
    {
        lock (_lock)
        {
            ImmutableArray<(double, int, double[], int)> taken = [.. _newSamples];
            _newSamples.Clear();
            return taken;
        }
    }

    private void Clear()
    {
        _run++;
        _timeline.Clear();
        _newSamples.Clear();
        _counters.Clear();
        (_report, _live) = (null, LiveRates.None);
    }

    private void Withhold(ImmutableArray<PageRow> rows) =>
        _state = _state with { Verdict = null, Diagnosis = null, Reconciliation = [], Rows = rows };

    private static PageRow WithoutRates(PageRow row) =>
        row with
        {
            State = "answers",
            OkPerSecond = 0,
            FailedPerSecond = 0,
            EchoPerSecond = 0,
            HubblePerSecond = 0,
            Share = null,
            ShareLower = null,
            ShareUpper = null,
            P50Ms = null,
            P99Ms = null,
        };

    private bool ChangeOf(int run, Action change)
    {
        lock (_lock)
        {
            if (run != _run)
                return false;
            change();
            ChangedAt = time.GetTimestamp();
        }
        Changed?.Invoke();
        return true;
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            ChangedAt = time.GetTimestamp();
        }
        Changed?.Invoke();
    }

    private void AddNewest(RunReport report)
    {
        if (report.Details.Series is not [.., var newest])
            return;
        if (_counters.Count > 0 && newest.At <= _counters.Last().At)
            return;
        var phase = report.Phases[^1];
        Add(newest, [.. phase.Pods.Select(p => p.Pod)], report.ClientNode, phase.Delivery.Successes);
    }

    private void Add(SeriesSample counters, ImmutableArray<BackendPod> pods, string clientNode, Verdict? verdict)
    {
        _counters.Enqueue(counters);
        if (_counters.Count > CountersKept)
            _counters.Dequeue();
        List<KeyValuePair<TimelineLine, double>> values = [];
        foreach (var group in PodRowBuilder.Group(pods, p => p, clientNode))
        {
            var counts = group.Select(p => counters.Pods.GetValueOrDefault(p.HubbleName)).OfType<PodCounts>().ToList();
            values.Add(KeyValuePair.Create(new TimelineLine("echo", group.Key, 0), counts.Sum(c => c.Echo)));
            values.Add(KeyValuePair.Create(new TimelineLine("requests", group.Key, 0), counts.Sum(c => c.Requests)));
            foreach (var status in counts.SelectMany(c => c.Responses).GroupBy(r => r.Key))
                values.Add(
                    KeyValuePair.Create(new TimelineLine("responses", group.Key, status.Key), status.Sum(s => s.Value))
                );
        }
        if (verdict is not null)
        {
            values.Add(
                KeyValuePair.Create(new TimelineLine("evidence", "skewed", 0), Finite(verdict.LogEvidenceSkewed))
            );
            values.Add(KeyValuePair.Create(new TimelineLine("evidence", "even", 0), Finite(verdict.LogEvidenceEven)));
        }
        var dropped = _timeline.Add(counters.At, values);
        _newSamples.Add((counters.At, dropped, _timeline.Samples[^1].Values, _timeline.Layout));
        if (_newSamples.Count > EventsShown)
            _newSamples.RemoveAt(0); // nobody shows them
    }

    private void Describe()
    {
        if (_report is not { } report)
            return;
        var phase = report.Phases[^1];
        var verdict = phase.Delivery.Successes;
        var measures = SkewMeasures.Of(verdict);
        ImmutableArray<PageRow> RowsOf(bool grouped) =>
            PodRowBuilder.Of(
                phase,
                _live,
                _counters.TryPeek(out var oldest) ? oldest : null,
                _counters.Count > 0 ? _counters.Last() : null,
                grouped
            );
        var (rows, areGrouped) = (RowsOf(grouped: true), phase.Pods.Length > PodRowBuilder.Most);
        var document = new Lazy<ReportDocument>(() => DocumentOf.Run(report with { Phases = [phase] }));
        _state = _state with
        {
            Client = new ClientPlace(report.ClientPod, report.ClientNode),
            Situation = RunStatus.Of(report, _live),
            Rows = rows,
            Grouped = areGrouped,
            PodRows = areGrouped ? RowsOf(grouped: false) : rows,
            HttpRules = new HttpRulesInfo(phase.HttpRules.Client, phase.HttpRules.Backends),
            Verdict = new PageVerdict(
                verdict.Kind.ToString().ToLowerInvariant(),
                VerdictText.Describe(verdict),
                Finite(verdict.LogEvidenceSkewed),
                Finite(verdict.LogEvidenceEven),
                -Math.Log(verdict.ErrorProbability ?? VerdictOptions.Default.ErrorProbability),
                verdict.Connections,
                verdict.FurtherConnections,
                Rounded(measures?.MaxOverMean),
                Rounded(measures?.EffectiveBackends)
            ),
            Diagnosis = document.Value.Diagnosis,
            Reconciliation = document.Value.Reconciliation,
            Events =
            [
                .. report
                    .Details.Events.TakeLast(EventsShown)
                    .Select(e => new EventInfo(e.Name, Math.Round(e.At.TotalSeconds, 2))),
            ],
        };
    }

    private static double? Rounded(Measure? measure) =>
        measure is { Estimate: var value } && double.IsFinite(value) ? Math.Round(value, 3) : null;

    private static double Finite(double value) =>
        double.IsNaN(value) ? 0 : Math.Round(Math.Clamp(value, -1000, 1000), 2);
}
