using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using k8s;

namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// Watches a Service of an existing cluster, without end and without load of its own, and writes into a
/// <see cref="LiveState"/>: rate, share and failures of each Pod, and the verdict or why there is none. It only reads
/// (get, list, GET). Anything missing (cluster, Service, Pods, counters, traffic) is reported there and tried again.
/// </summary>
/// <remarks>
/// The verdict is based on the last minutes, and on data from after the last change of the backends or of the HTTP
/// rules; its error probability is per window of evidence (<see cref="EvidenceWindows"/>). In the two seconds after a
/// change nothing is evidence, because the change takes time to reach every node. Terminating Pods are left out
/// unless they are the last resort: requests on their open connections are neither expected nor skew.
/// </remarks>
/// <param name="cluster">The cluster.</param>
/// <param name="options">What to watch; see <see cref="OptionsFor"/>.</param>
/// <param name="live">The state to write.</param>
/// <param name="time">Time source.</param>
/// <param name="paused">
/// Whether another writer uses the state, as a scenario does while it runs. The watch then reads nothing, and begins
/// again afterwards. Null: never.
/// </param>
public sealed class ServiceWatch(
    Kubernetes cluster,
    ObserveOptions options,
    LiveState live,
    TimeProvider time,
    Func<bool>? paused = null
)
{
    /// <summary>
    /// Time between two readings. A large cluster's is longer (<see cref="ObserveOptions.RequestsPerMinute"/>).
    /// </summary>
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(2);

    private const int MaxEvents = 50;

    /// <summary>Time for a change to reach every node.</summary>
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(2);

    /// <summary>
    /// After this long without a request there is no traffic. Some Services have a request every few seconds.
    /// </summary>
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(30);

    /// <summary>Evidence does not continue after a gap of this length, in which the objects may have changed.</summary>
    private static readonly TimeSpan s_gap = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_longestBackOff = TimeSpan.FromSeconds(10),
        s_pauseLook = TimeSpan.FromMilliseconds(500);

    private readonly WatchSituations _situations = new(options, time);
    private readonly EvidenceWindows _windows = new(options.Verdict);
    private readonly Queue<RecordedEvent> _events = new();
    private RecentCounters _recent = new(0);
    private DateTimeOffset _began;
    private ObservedService? _service;
    private string? _change;
    private double _settledAt,
        _lastRoundAt;
    private DateTimeOffset? _failingSince;
    private int _failures,
        _run;

    /// <summary>Requests made so far, to all servers together.</summary>
    public long Requests { get; private set; }

    /// <summary>Options for a watch: one reading every 2 s, otherwise as <c>observe</c>.</summary>
    public static ObserveOptions OptionsFor(string ns, string service) =>
        new(ns, service)
        {
            Interval = DefaultInterval,
            Watch = true,
            Output = null,
        };

    /// <summary>Watches until it is cancelled.</summary>
    /// <exception cref="OperationCanceledException">The only end.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var rounds = new ObservationRounds(cluster, options, time);
        while (true)
        {
            while (IsPaused)
                await Task.Delay(s_pauseLook, time, cancellationToken);
            Begin();
            await rounds.RunAsync(
                _began,
                () => _windows.Clients,
                (round, problem) =>
                {
                    Requests = rounds.Requests;
                    if (IsPaused)
                        return null;
                    return problem is null ? OnRound(round!, rounds.Source) : OnFailure(problem);
                },
                cancellationToken
            );
            await Task.Delay(s_pauseLook, time, cancellationToken);
        }
    }

    private bool IsPaused => paused?.Invoke() is true;

    private void Begin()
    {
        _began = time.GetUtcNow();
        _recent = new RecentCounters(Math.Max(5, 3 * options.Interval.TotalSeconds));
        _windows.Restart();
        _events.Clear();
        (_service, _change, _settledAt, _lastRoundAt, _failingSince, _failures) = (null, null, 0, 0, null, 0);
        _run = live.BeginWatch($"Service {options.Namespace}/{options.Service}, watched", _situations.Beginning);
    }

    /// <summary>Reports the problem and returns the growing wait before the next attempt.</summary>
    private TimeSpan? OnFailure(ObservationException problem)
    {
        _failingSince ??= time.GetUtcNow();
        var podsAreKnown = problem.Problem is not (ObservationProblem.NoPods or ObservationProblem.NotFound);
        if (!podsAreKnown)
            Forget();
        if (!live.Unobserved(_run, _situations.Failed(problem, _failingSince.Value), podsAreKnown))
            return null;
        var backOff = options.Interval * Math.Pow(2, Math.Min(_failures++, 10));
        return backOff < s_longestBackOff ? backOff : s_longestBackOff;
    }

    private TimeSpan? OnRound(ObservedRound round, string source)
    {
        var read = round.Objects.Service;
        var service = read with { Endpoints = [.. read.Endpoints.Where(e => e.Serves || !e.Terminating)] };
        if (service.Endpoints.IsEmpty)
        {
            var text = $"all {read.Endpoints.Length} pods of {options.Namespace}/{options.Service} are being deleted";
            return OnFailure(new ObservationException(text, problem: ObservationProblem.NoPods));
        }
        (_failingSince, _failures) = (null, 0);
        ObservedResult? evidence = null;
        foreach (var (at, scrapes) in round.Scrapes)
            evidence = Add(scrapes with { At = (at - _began).TotalSeconds }, service, source, round.ReadAt) ?? evidence;
        if (_service is null)
            return TimeSpan.Zero;
        return Show(round, evidence, source) ? TimeSpan.Zero : null;
    }

    private ObservedResult? Add(ScrapeRound round, ObservedService service, string source, DateTimeOffset readAt)
    {
        if (_service is not null && round.At - _lastRoundAt > s_gap.TotalSeconds)
            Forget();
        if (_service is not null && ServiceChange.Describe(_service, service) is { } change)
            OnChange(change, round.At, Math.Max(round.At, (readAt - _began).TotalSeconds));
        (_service, _lastRoundAt) = (service, round.At);
        _recent.Add(round, service);
        if (round.At < _settledAt)
            return null;
        _change = null;
        return _windows.Add(round, service, source, _began);
    }

    private void OnChange(string change, double at, double knownAt)
    {
        Forget();
        (_change, _settledAt) = (change, knownAt + s_settling.TotalSeconds);
        _events.Enqueue(new RecordedEvent(change, TimeSpan.FromSeconds(at)));
        if (_events.Count > MaxEvents)
            _events.Dequeue();
    }

    private void Forget()
    {
        _windows.Restart();
        _recent.Restart();
    }

    private bool Show(ObservedRound round, ObservedResult? evidence, string source)
    {
        var (service, at) = (_service!, _lastRoundAt);
        // Without evidence the report has only the Pods.
        var result = evidence ?? ObservedReport.Of(new ServiceObserver(service, options.Verdict, at), source, _began);
        var details = result.Report.Details with { Events = [.. _events], Series = _recent.Samples, SeriesMissed = 0 };
        var report = result.Report with { Details = details };
        return live.Observed(_run, _recent.Rates(result.View, service, at), report, Instead(round, at));
    }

    /// <summary>Why there is no verdict; null when there is one, or evidence for it.</summary>
    private RunStatus? Instead(ObservedRound round, double at)
    {
        if (_recent.LastReadAt is not { } read || at - read > s_quiet.TotalSeconds)
            return _situations.NoCounters(_situations.Missing(round));
        if (_change is { } change)
            return WatchSituations.Changed(change);
        if (!_recent.HasRates)
            return _situations.Beginning;
        if (_recent.LastRequestAt is { } last && last >= _settledAt && at - last < s_quiet.TotalSeconds)
            return null;
        var missing = _situations.Missing(round);
        return _situations.Quiet(
            at - (_recent.LastRequestAt ?? 0),
            missing.Length == 0 ? "" : $"{missing} {_situations.WhatToDo}"
        );
    }
}
