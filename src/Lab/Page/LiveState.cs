using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// What is known of the lab right now, for pages, the terminal and Aspire. Written by the process that runs the
/// scenario. Bounded memory, thread-safe.
/// </summary>
public sealed class LiveState
{
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Watchers _watchers;
    private readonly ChartSamples _charts = new();
    private RunReport? _report;
    private LiveSample _live = LiveSample.None;
    private PhaseStep? _phase;
    private PageState _state = PageState.Empty;
    private PageInfo _lab = PageInfo.Empty;
    private int _run;

    /// <param name="time">Time source.</param>
    public LiveState(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        (_time, _watchers, ChangedAt) = (time, new Watchers(time), time.GetTimestamp());
    }

    /// <summary>Raised after every change, without the lock.</summary>
    public event Action? Changed;

    public PageState State
    {
        get
        {
            lock (_lock)
                return _state;
        }
    }

    public PageInfo Lab
    {
        get
        {
            lock (_lock)
                return _lab;
        }
    }

    /// <summary>The newest report, of a run that may still be going on; null before there is one.</summary>
    public RunReport? Report
    {
        get
        {
            lock (_lock)
                return _report;
        }
    }

    /// <summary>When anything changed last, as a time stamp of the time source.</summary>
    public long ChangedAt { get; private set; }

    /// <summary>Whether there is a reader: a run under way is evaluated only for readers.</summary>
    public bool IsWatched => _watchers.Any;

    /// <summary>Counts as a reader for two minutes: for readers that poll and never say that they are done.</summary>
    public void Glance() => _watchers.Glance();

    /// <summary>Counts as a reader until it is disposed.</summary>
    public IDisposable Watch() => _watchers.Watch();

    /// <summary>Changes what seldom changes; nothing happens when the result is the same.</summary>
    internal void ChangeLab(Func<PageInfo, PageInfo> change)
    {
        lock (_lock)
        {
            if (change(_lab) is var changed && ReferenceEquals(changed, _lab))
                return;
            (_lab, ChangedAt) = (changed, _time.GetTimestamp());
        }
        Changed?.Invoke();
    }

    /// <summary>A run begins.</summary>
    public void Begin(string scenario, string title, bool manual, double ratePerSecond) =>
        Change(() =>
        {
            Clear();
            _state = PageState.Empty with
            {
                Activity = PageActivity.Starting,
                Scenario = scenario,
                Title = title,
                Manual = manual,
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
            _state = PageState.Empty with
            {
                Activity = PageActivity.Watching,
                Title = title,
                Step = title,
                Situation = situation,
            };
        });
        return run;
    }

    /// <summary>What an observation sees now.</summary>
    /// <param name="run">Number of the observation.</param>
    /// <param name="live">Rates over the last readings.</param>
    /// <param name="report">The evidence so far; its series ends with the newest counters.</param>
    /// <param name="instead">
    /// Why there is no verdict: it is shown as the situation, and the rows have rates of 0. Null: there is a verdict,
    /// or evidence for one.
    /// </param>
    /// <returns>False when a run or another observation has begun since: nothing was changed.</returns>
    public bool Observed(int run, LiveSample live, RunReport report, RunStatus? instead)
    {
        ArgumentNullException.ThrowIfNull(live);
        ArgumentNullException.ThrowIfNull(report);
        return Change(
            () =>
            {
                (_live, _report) = (live, report);
                _charts.AddNewest(report);
                _state = WithCounts(live);
                Describe(_time.LocalTimeZone);
                if (instead is not null)
                    Withhold(instead, [.. _state.Rows.Select(r => r.WithoutRates())]);
            },
            run
        );
    }

    /// <summary>An observation sees nothing.</summary>
    /// <param name="run">Number of the observation.</param>
    /// <param name="why">Why.</param>
    /// <param name="podsAreKnown">Whether the Pods seen last may still exist: their rows stay, with rates of 0.</param>
    /// <returns>False when a run or another observation has begun since: nothing was changed.</returns>
    public bool Unobserved(int run, RunStatus why, bool podsAreKnown) =>
        Change(
            () =>
            {
                (_live, _report) = (LiveSample.None, null);
                _state = _state with { FailedPerSecond = 0 };
                Withhold(why, podsAreKnown ? [.. _state.Rows.Select(r => r.WithoutRates())] : []);
            },
            run
        );

    /// <summary>A step of the run begins.</summary>
    public void Step(string what) => Change(() => _state = _state with { Step = what });

    /// <summary>A phase is about to be measured. It begins with its first sample.</summary>
    public void Phase(PhaseStep phase)
    {
        ArgumentNullException.ThrowIfNull(phase);
        Change(() => (_phase, _state) = (phase, _state with { Phase = null }));
    }

    /// <summary>Rates that the client sees, about twice a second.</summary>
    public void Sample(LiveSample live)
    {
        ArgumentNullException.ThrowIfNull(live);
        Change(() =>
        {
            if (_phase is { } phase && phase.Duration != Timeout.InfiniteTimeSpan)
                _state = _state with { Phase = PhaseProgress.Begin(phase, live) };
            (_phase, _live) = (null, live);
            if (!IsWatched)
                _report = null; // it would be out of date when a reader comes
            _state = WithCounts(live) with { Activity = PageActivity.Running };
            Describe();
        });
    }

    /// <summary>An evaluation of the run so far, about once a second; its series holds the newest counters.</summary>
    public void Progress(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        Change(() =>
        {
            _report = report;
            _charts.AddNewest(report);
            Describe();
        });
    }

    /// <summary>
    /// The newest counters of a run without readers, so that a page opened later has the whole charts.
    /// </summary>
    public void Counters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode)
    {
        ArgumentNullException.ThrowIfNull(newest);
        Change(() => _charts.Add(newest, pods, clientNode, verdict: null));
    }

    /// <summary>The next report of a run under way; null when there is none within the limit.</summary>
    public async Task<RunReport?> NextReportAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var watch = Watch();
        var (before, next) = (Report, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Changed += OnChanged;
        try
        {
            await next.Task.WaitAsync(limit, _time, cancellationToken);
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
            (_report, _live) = (report, LiveSample.None);
            Describe();
            _state = _state with { Activity = PageActivity.Ended, Step = "the run is over", Phase = null };
        });
    }

    /// <summary>The run failed.</summary>
    public void Fail(string why) =>
        Change(() =>
        {
            _live = LiveSample.None;
            _state = _state with { Activity = PageActivity.Ended, Step = why, Failure = why, Phase = null };
            _state = _state.With(
                new RunStatus
                {
                    Headline = "The run failed",
                    Title = "The run failed",
                    Why = why,
                }
            );
        });

    /// <summary>Reads the charts.</summary>
    internal T ReadTimeline<T>(Func<Timeline, T> read)
    {
        lock (_lock)
            return read(_charts.Timeline);
    }

    /// <summary>The samples since the last call.</summary>
    internal ImmutableArray<ChartSample> TakeSamples()
    {
        lock (_lock)
            return _charts.TakeNew();
    }

    private void Clear()
    {
        _run++;
        _charts.Clear();
        (_report, _live, _phase) = (null, LiveSample.None, null);
    }

    private PageState WithCounts(LiveSample live) =>
        _state with
        {
            At = live.Elapsed.TotalSeconds,
            Requests = live.Requests,
            Responses = live.Responses,
            FailedPerSecond = live.FailedPerSecond,
        };

    private void Withhold(RunStatus why, ImmutableArray<PageRow> rows) =>
        _state = _state.With(why) with
        {
            Reconciliation = [],
            Rows = rows,
            PodRows = rows.IsEmpty ? [] : [.. _state.PodRows.Select(r => r.WithoutRates())],
        };

    private void Describe(TimeZoneInfo? clock = null) =>
        _state = _report is { } report
            ? StateDescription.Of(_state, report, RunStatus.Of(report, _live, clock), _live, _charts)
            : _state.With(RunStatus.Of(_live));

    /// <param name="change">Changes fields, under the lock.</param>
    /// <param name="onlyIn">The observation that must still be the current one; null: any.</param>
    private bool Change(Action change, int? onlyIn = null)
    {
        lock (_lock)
        {
            if (onlyIn is { } run && run != _run)
                return false;
            change();
            ChangedAt = _time.GetTimestamp();
        }
        Changed?.Invoke();
        return true;
    }
}
