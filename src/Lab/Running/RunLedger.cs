using System.Net;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Counts the requests of a run as their records arrive, and passes each on: to the display at once, to the evaluation
/// in the order of starts. Thread-safe: its lock also protects the parts it passes records to.
/// </summary>
internal sealed class RunLedger
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, long> _statusWithoutPod = [];
    private readonly Dictionary<string, long> _okByPod = new(StringComparer.Ordinal);
    private readonly RecordOrder _order = new();
    private readonly RunEvents _events = new();
    private readonly RecentRates _rates = new();
    private readonly RequestEvaluator _evaluator;
    private long _resolved,
        _namingPod;
    private double _lastStart;

    /// <param name="clientAddress">Address of the load-test Pod; null when unknown.</param>
    public RunLedger(IPAddress? clientAddress) => _evaluator = new RequestEvaluator(clientAddress, _events);

    /// <summary>Requests with an outcome.</summary>
    public long Resolved => Read(() => _resolved);

    /// <summary>Responses that name no Pod, by status.</summary>
    public IReadOnlyDictionary<int, long> StatusWithoutPod => Read(() => new Dictionary<int, long>(_statusWithoutPod));

    /// <summary>2xx by Pod.</summary>
    public IReadOnlyDictionary<string, long> OkByPod =>
        Read(() => new Dictionary<string, long>(_okByPod, StringComparer.Ordinal));

    /// <summary>Responses that name a Pod, whatever their status.</summary>
    public long ResponsesOfPods => Read(() => _namingPod);

    /// <summary>The first phase and the most recent ones. Only <see cref="Begin"/> changes it.</summary>
    public IReadOnlyList<PhaseTally> Phases => _evaluator.Phases;

    /// <summary>What was done to the cluster under load.</summary>
    public IReadOnlyList<RecordedEvent> Events => _events.All;

    /// <summary>Delivery over the whole run.</summary>
    public SkewStatus Status => Read(() => _evaluator.Status);

    /// <summary>The moment of the last <see cref="Confirm"/>, s since the attack's epoch.</summary>
    public double Confirmed => Read(() => _order.Confirmed);

    /// <summary>When the last request that has an outcome started, s since the attack's epoch.</summary>
    public double LastStart => Read(() => _lastStart);

    /// <inheritdoc cref="RecordOrder.Settled"/>
    public double Settled => Read(() => _order.Settled);

    /// <summary>Reads counts, those of the phases included, while no record changes them.</summary>
    public T Read<T>(Func<T> read)
    {
        lock (_lock)
            return read();
    }

    /// <summary>Adds a record, in any order.</summary>
    public void Add(RecordLine record)
    {
        ArgumentNullException.ThrowIfNull(record);
        lock (_lock)
        {
            Count(record);
            _rates.Add(record);
            _order.Add(record);
            EvaluateReleased();
        }
    }

    private void Count(RecordLine record)
    {
        _resolved++;
        _lastStart = Math.Max(_lastStart, record.Start);
        if (record.Pod is null && record.Outcome is Outcome.Response)
            _statusWithoutPod[record.Status] = _statusWithoutPod.GetValueOrDefault(record.Status) + 1;
        if (record.Pod is not { } pod)
            return;
        _namingPod++;
        if (record.Status is >= 200 and < 300)
            _okByPod[pod] = _okByPod.GetValueOrDefault(pod) + 1;
    }

    private void EvaluateReleased()
    {
        while (_order.TryRelease(out var next))
            _evaluator.Evaluate(next);
    }

    /// <summary>Begins a phase.</summary>
    public void Begin(PhaseTally phase)
    {
        lock (_lock)
        {
            // The backends may have changed between the last look at the previous phase and the first at this one.
            if (
                Phases is [.., var before]
                && before.Backends.ChangeTo(phase.Backends) is { } unnoticed
                && !_events.HasOpenChangeSince(before.Start)
            )
                Change(unnoticed, Math.Max(before.Start, _order.Confirmed));
            _evaluator.Begin(phase);
            _rates.Begin(phase);
        }
    }

    /// <summary>Records an event that leaves the backends and their expected shares as they are.</summary>
    /// <param name="what">What was done to the cluster.</param>
    /// <param name="at">When, s since the attack's epoch.</param>
    public void Record(string what, double at)
    {
        lock (_lock)
        {
            _events.Record(what, at);
            _rates.Restart(at);
        }
    }

    /// <summary>
    /// The set of backends, or their expected shares, is about to change: call this before the change is made. From
    /// here to the beginning of the next phase nothing is evaluated. That phase's Pods are a new segment, in which the
    /// first use of each port counts again.
    /// </summary>
    /// <param name="what">What is done.</param>
    /// <param name="at">When, s since the attack's epoch.</param>
    public void BackendsChange(string what, double at)
    {
        lock (_lock)
            Change(what, at);
    }

    private void Change(string what, double at)
    {
        _events.Change(what, at);
        _rates.Restart(at);
    }

    /// <summary>
    /// Until this moment no backend and no expected share has changed without a call of <see cref="BackendsChange"/>:
    /// requests that started before it can be evaluated.
    /// </summary>
    /// <param name="at">s since the attack's epoch.</param>
    public void Confirm(double at)
    {
        lock (_lock)
        {
            _order.Confirm(at);
            EvaluateReleased();
        }
    }

    /// <inheritdoc cref="RequestEvaluator.Measure"/>
    public BackendReplacement Measure(PodReplacement replaced) => Read(() => _evaluator.Measure(replaced));

    /// <inheritdoc cref="RecentRates.Sample"/>
    public LiveSample Sample(double now, string clientNode) =>
        Read(() => _rates.Sample(now, clientNode, Phases[^1], _resolved));
}
