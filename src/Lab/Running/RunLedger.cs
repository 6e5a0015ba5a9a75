using System.Net;
using System.Runtime.CompilerServices;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Runs;
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
    private readonly RecentPods<StrongBox<long>> _ok;
    private readonly RecordOrder _order = new();
    private readonly RunEvents _events = new();
    private readonly RecentRates _rates = new();
    private readonly RequestEvaluator _evaluator;
    private readonly OutcomeTally _outcomes = new();
    private long _namingPod,
        _okOfForgotten;
    private double _lastStart;

    /// <param name="clientAddress">Address of the load-test Pod; null when unknown.</param>
    public RunLedger(IPAddress? clientAddress)
    {
        _evaluator = new RequestEvaluator(clientAddress, _events);
        _ok = new RecentPods<StrongBox<long>>(forgotten => _okOfForgotten += forgotten.Value);
    }

    /// <summary>Requests with an outcome.</summary>
    public long Resolved => Read(() => _outcomes.Totals.Intended);

    /// <summary>All requests with an outcome.</summary>
    public RequestTotals Totals => Read(() => _outcomes.Totals);

    /// <summary>Responses that name no Pod, by status.</summary>
    public IReadOnlyDictionary<int, long> StatusWithoutPod => Read(() => new Dictionary<int, long>(_statusWithoutPod));

    /// <summary>Successes by Pod; those of Pods that did not answer for long are <see cref="OkOfForgotten"/>.</summary>
    public IReadOnlyDictionary<string, long> OkByPod =>
        Read(() => _ok.All.ToDictionary(p => p.Pod, p => p.Value.Value, StringComparer.Ordinal));

    /// <summary>Successes of Pods that are no longer known by name, all together.</summary>
    public long OkOfForgotten => Read(() => _okOfForgotten);

    /// <summary>Responses that name a Pod, whatever their status.</summary>
    public long ResponsesOfPods => Read(() => _namingPod);

    /// <summary>
    /// The phases that are not dropped. Only <see cref="Begin"/> and <see cref="Drop"/> change the list.
    /// </summary>
    public IReadOnlyList<PhaseTally> Phases => _evaluator.Phases;

    /// <summary>A name that none of the phases has: this one, or with a number.</summary>
    public string NewName(string name)
    {
        var taken = Phases.Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        var (free, number) = (name, 1);
        while (taken.Contains(free))
            free = $"{name} ({++number})";
        return free;
    }

    /// <inheritdoc cref="RequestEvaluator.Following"/>
    public ChangeTally Following => _evaluator.Following;

    /// <inheritdoc cref="RequestEvaluator.Dropped"/>
    public (int Phases, ChangeTally Tally) Dropped => _evaluator.Dropped;

    /// <summary>What was done to the cluster under load.</summary>
    public IReadOnlyList<RecordedEvent> Events => _events.All;

    /// <inheritdoc cref="RunEvents.In"/>
    public List<RecordedEvent> EventsIn(double from, double to) => Read(() => _events.In(from, to));

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
        _outcomes.Add(record);
        _lastStart = Math.Max(_lastStart, record.Start);
        if (record.Pod is null && record.Outcome is Outcome.Response)
            _statusWithoutPod[record.Status] = _statusWithoutPod.GetValueOrDefault(record.Status) + 1;
        if (record.Pod is not { } pod)
            return;
        _namingPod++;
        if (OutcomeTally.IsOk(record))
            _ok.Of(pod).Value++;
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

    /// <inheritdoc cref="RequestEvaluator.Drop"/>
    public void Drop(PhaseTally phase)
    {
        lock (_lock)
            _evaluator.Drop(phase);
    }

    /// <summary>
    /// Records an event that leaves the backends and their expected shares as they are. The phase ends here.
    /// </summary>
    /// <param name="what">What was done to the cluster.</param>
    /// <param name="at">When, s since the attack's epoch.</param>
    public void Record(string what, double at)
    {
        lock (_lock)
        {
            _events.Record(what, at);
            EndPhase(at);
        }
    }

    private void EndPhase(double at)
    {
        if (Phases is [.., var last])
            last.EndAt(at);
        _rates.Restart(at);
    }

    /// <summary>No Pod is ready: until one is, requests can only fail. Later calls have no effect.</summary>
    /// <param name="at">When the phase ends, s since the attack's epoch.</param>
    /// <param name="seen">When it was seen.</param>
    public void NoPod(double at, double seen)
    {
        lock (_lock)
        {
            if (Following.WithoutPod is not null)
                return;
            Following.WithoutPod = (seen, double.PositiveInfinity);
            Change("no pod is ready", at);
        }
    }

    /// <summary>Pods are ready again.</summary>
    /// <param name="seen">When it was seen, s since the attack's epoch.</param>
    public void PodsAreBack(double seen)
    {
        lock (_lock)
        {
            if (Following.WithoutPod is { To: double.PositiveInfinity } without)
                Following.WithoutPod = without with { To = seen };
        }
    }

    /// <summary>
    /// The set of backends, or their expected shares, is about to change: call this before the change is made. The
    /// phase ends here, and until the beginning of the next one nothing is evaluated. That phase's Pods are a new
    /// segment, in which the first use of each port counts again.
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
        EndPhase(at);
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

    /// <summary>No further record comes: the requests that have an outcome are all evaluated.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _order.Complete();
            EvaluateReleased();
        }
    }

    /// <summary>
    /// Whether nothing has happened since a phase ended, when its counters were read: the next one can begin there.
    /// </summary>
    public bool IsUnchangedSince(PhaseTally last, ExpectedBackends now) =>
        last.EndsWithCounters
        && Events.All(e => e.At.TotalSeconds < last.End)
        && Following.WithoutPod is null
        && last.Backends.ChangeTo(now) is null;

    /// <inheritdoc cref="RequestEvaluator.Measure"/>
    public BackendReplacement Measure(PodReplacement replaced) => Read(() => _evaluator.Measure(replaced));

    /// <inheritdoc cref="RecentRates.Sample"/>
    public LiveSample Sample(double now, string clientNode) =>
        Read(() => _rates.Sample(now, clientNode, Phases[^1], _outcomes.Totals.Intended));
}
