using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Everything that is counted during a run. Takes records in the order of completion, judges them in the order of their starts, up to the oldest unresolved one and up to the moment until which the expected shares are known
/// (<see cref="Confirm"/>). Thread-safe.
/// </summary>
internal sealed class RunLedger(IPAddress? clientAddress)
{
    /// <summary>Phases and events kept; a run by hand may have any number.</summary>
    private const int PhasesKept = 42,
        EventsKept = 200,
        PodsRemembered = 1000,
        ResponsesKept = 2000;

    /// <summary>Rates are averages over at least the last so many seconds, or since the last change; and most samples kept for them.</summary>
    private const double RateSeconds = 2.5;
    private const int RateSamples = 64;

    /// <summary>Most records that wait for <see cref="Confirm"/> (more are judged by what is known), and most changes that wait for a record after them.</summary>
    private const int MaxHeld = 200_000,
        MaxChanging = 100;

    private readonly Lock _lock = new();
    private readonly ResolvedPrefix<RecordLine> _prefix = new();
    private readonly Queue<RecordLine> _held = new();
    private readonly FreshSelections _fresh = new();
    private readonly List<PhaseTally> _phases = [];
    private readonly Queue<(double At, Dictionary<string, (long Ok, long Failed)> ByPod)> _samples = new();
    private readonly Dictionary<string, (long Ok, long Failed)> _byPod = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Pod, int Status), long> _responses = [];
    private readonly Dictionary<string, string> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<int, long> _statusWithoutPod = [];
    private readonly Dictionary<string, long> _okByPod = new(StringComparer.Ordinal);
    private readonly Dictionary<int, double> _firstUse = []; // by port: at most 65,535
    private readonly Dictionary<string, RecentLatency> _recent = new(StringComparer.Ordinal);
    private readonly List<double> _startsWhileChanging = [];
    private SkewMonitor? _monitor;
    private readonly List<RecordedEvent> _events = [];
    private readonly Queue<RecordedEvent> _recorded = new(); // events that no record after them was judged of yet: a record that comes late may have started before them
    private readonly List<RecordedEvent> _changing = []; // changes of the backends whose first judged record has not come yet, in order
    private long _begun;
    private double _confirmed,
        _lastStart,
        _settled;

    /// <summary>The key under which answers that name no Pod are counted.</summary>
    public const string NoPod = "";

    /// <summary>Requests with an outcome.</summary>
    public long Resolved { get; private set; }

    /// <summary>Requests that were not sent.</summary>
    public long NotSent { get; private set; }

    /// <summary>Answers that name no Pod, by status, over the whole run.</summary>
    public IReadOnlyDictionary<int, long> StatusWithoutPod => Read(() => new Dictionary<int, long>(_statusWithoutPod));

    /// <summary>2xx by Pod, over the whole run.</summary>
    public IReadOnlyDictionary<string, long> OkByPod =>
        Read(() => new Dictionary<string, long>(_okByPod, StringComparer.Ordinal));

    /// <summary>Answers that name a Pod, whatever their status, over the whole run.</summary>
    public long AnswersOfPods { get; private set; }

    /// <summary>All phases so far.</summary>
    public IReadOnlyList<PhaseTally> Phases => _phases;

    /// <summary>What was done to the cluster under load.</summary>
    public IReadOnlyList<RecordedEvent> Events => _events;

    /// <summary>Delivery over the whole run.</summary>
    public SkewStatus Status
    {
        get
        {
            lock (_lock)
                return _monitor!.Status();
        }
    }

    /// <summary>Reads what records change while no record comes.</summary>
    public T Read<T>(Func<T> read)
    {
        lock (_lock)
            return read();
    }

    /// <summary>Begins a phase.</summary>
    public void Begin(PhaseTally phase)
    {
        lock (_lock)
        {
            // Something changed while nobody looked, between the last look at one phase and the first at the next.
            if (
                _phases is [.., var before]
                && before.Backends.ChangeTo(phase.Backends) is { } unnoticed
                && !_changing.Any(c => c.At.TotalSeconds >= before.Start)
            )
                WillChange(unnoticed, Math.Max(before.Start, _confirmed));
            _phases.Add(phase);
            if (_nodes.Count > PodsRemembered)
                _nodes.Clear();
            foreach (var pod in phase.Pods)
                _nodes[pod.Name] = pod.Node;
            if (_phases.Count > PhasesKept)
                _phases.RemoveAt(1);
            _monitor ??= new SkewMonitor(phase.Backends.Shares);
        }
    }

    /// <summary>Something was done to the cluster.</summary>
    /// <param name="what">What.</param>
    /// <param name="at">When, s since the attack's epoch.</param>
    public void Record(string what, double at)
    {
        var recorded = new RecordedEvent(what, TimeSpan.FromSeconds(at));
        lock (_lock)
        {
            Keep(recorded);
            _recorded.Enqueue(recorded);
            if (_recorded.Count > EventsKept)
                _recorded.Dequeue();
            RestartRates(at);
        }
    }

    /// <summary>What was before a change says nothing about what is after it.</summary>
    private void RestartRates(double at)
    {
        _samples.Clear();
        _samples.Enqueue((at, new Dictionary<string, (long Ok, long Failed)>(_byPod, StringComparer.Ordinal)));
    }

    private void Keep(RecordedEvent recorded)
    {
        _events.Add(recorded);
        if (_events.Count > EventsKept)
            _events.RemoveAt(0);
    }

    /// <summary>The moment of the last <see cref="Confirm"/>, s since the attack's epoch.</summary>
    public double Confirmed => Read(() => _confirmed);

    /// <summary>When the last request that has an outcome started, s since the attack's epoch.</summary>
    public double LastStart => Read(() => _lastStart);

    /// <summary>Every request that started before this moment, s since the attack's epoch, has its outcome.</summary>
    public double Settled => Read(() => _settled);

    /// <summary>Until this moment no backend and no expected share has changed that the book has not been told of: what started before it can be judged.</summary>
    /// <param name="at">s since the attack's epoch; never goes back.</param>
    public void Confirm(double at)
    {
        lock (_lock)
        {
            _confirmed = Math.Max(_confirmed, at);
            EvaluateConfirmed();
        }
    }

    private void EvaluateConfirmed()
    {
        while (_held.TryPeek(out var next) && (next.Start < _confirmed || _held.Count > MaxHeld))
            Evaluate(_held.Dequeue());
    }

    /// <summary>
    /// The set of backends, or the shares expected of them, is about to change: from here to the begin of the next phase nothing is judged, and that phase's Pods are a new segment, in which each port's first use counts again.
    /// Call it before the change is made.
    /// </summary>
    /// <param name="what">What is done.</param>
    /// <param name="at">When, s since the attack's epoch.</param>
    public void BackendsChange(string what, double at)
    {
        lock (_lock)
            WillChange(what, at);
    }

    private void WillChange(string what, double at)
    {
        var change = new RecordedEvent(what, TimeSpan.FromSeconds(at));
        Keep(change);
        _changing.Add(change);
        if (_changing.Count > MaxChanging)
            _changing.RemoveAt(0);
        RestartRates(at);
    }

    /// <summary>What the client saw of a replacement: the ports used before it and the connections in its gap.</summary>
    public BackendReplacement Measure((string Deleted, string Added, double GoneAt, double ReadyAt) replaced)
    {
        lock (_lock)
        {
            return new BackendReplacement(
                replaced.Deleted,
                replaced.Added,
                replaced.GoneAt,
                replaced.ReadyAt,
                _firstUse.Values.Count(at => at < replaced.GoneAt),
                _startsWhileChanging.Count(at => at >= replaced.GoneAt && at < replaced.ReadyAt)
            );
        }
    }

    /// <summary>Adds a record.</summary>
    public void Add(RecordLine record)
    {
        ArgumentNullException.ThrowIfNull(record);
        lock (_lock)
        {
            Resolved++;
            if (record.Outcome.IsNotSent())
                NotSent++;
            _lastStart = Math.Max(_lastStart, record.Start);
            var key = record.Pod ?? NoPod;
            var (ok, failed) = _byPod.GetValueOrDefault(key);
            var success = record.Status is >= 200 and < 300;
            if (!record.Outcome.IsNotSent())
                Recent(key).Add((record.End - record.Due) * 1000);
            _byPod[key] = success ? (ok + 1, failed) : (ok, failed + 1);
            if (
                !record.Outcome.IsNotSent()
                && (_responses.Count < ResponsesKept || _responses.ContainsKey((key, record.Status)))
            )
                _responses[(key, record.Status)] = _responses.GetValueOrDefault((key, record.Status)) + 1;
            if (record.Pod is null && record.Outcome is Outcome.Response)
                _statusWithoutPod[record.Status] = _statusWithoutPod.GetValueOrDefault(record.Status) + 1;
            if (record.Pod is not null)
                AnswersOfPods++;
            if (record.Pod is not null && success)
                _okByPod[record.Pod] = _okByPod.GetValueOrDefault(record.Pod) + 1;
            while (_begun <= record.Seq)
            {
                _prefix.Begin();
                _begun++;
            }
            _prefix.Resolve(record.Seq, record);
            while (_prefix.TryRelease(out var item))
            {
                if (item is not { IsResolved: true, Outcome: { } released })
                    continue;
                _settled = Math.Max(_settled, released.Start);
                _held.Enqueue(released);
            }
            EvaluateConfirmed();
        }
    }

    private RecentLatency Recent(string key)
    {
        if (_recent.TryGetValue(key, out var recent))
            return recent;
        if (_recent.Count >= PodsRemembered)
            _recent.Clear();
        return _recent[key] = new RecentLatency();
    }

    private void Evaluate(RecordLine record)
    {
        while (_recorded.TryPeek(out var happened) && record.Start >= happened.At.TotalSeconds)
            _monitor!.Record(_recorded.Dequeue());
        var source = clientAddress is null || record.Port == 0 ? null : new IPEndPoint(clientAddress, record.Port);
        var phase = _phases.FindLast(p => record.Start >= p.Start && record.Start < p.End);
        var firstUse = _firstUse.GetValueOrDefault(record.Port, record.Start);
        if (record.Port != 0)
            _firstUse.TryAdd(record.Port, record.Start);
        if (_changing.FindLastIndex(c => record.Start >= c.At.TotalSeconds) is >= 0 and var last)
        {
            var change = _changing[last];
            if (phase is null || phase.Start < change.At.TotalSeconds)
            {
                if (_startsWhileChanging.Count < MaxHeld)
                    _startsWhileChanging.Add(record.Start);
                return;
            }
            _fresh.BackendsChanged();
            _monitor!.Expect(phase.Backends.Shares, change);
            _changing.RemoveRange(0, last + 1);
        }
        var origin = _fresh.Classify("service", source, TimeSpan.FromSeconds(record.Start), record.Nth == 0);
        phase?.Add(record, origin, record.Port == 0 ? null : firstUse < phase.Start);
        // Between two phases (a policy is being applied) the order of events still counts for the onset.
        var pods = phase ?? _phases[^1];
        if (
            origin is SelectionOrigin.Fresh
            && record.Status is >= 200 and < 300
            && pods.Position(record.Pod) is { } position
        )
            _monitor!.Add(position, TimeSpan.FromSeconds(record.Start));
    }

    /// <summary>A sample of what goes on, for display.</summary>
    /// <param name="now">Now, s since the attack's epoch.</param>
    /// <param name="clientNode">Node of the load test.</param>
    public LiveSample Sample(double now, string clientNode)
    {
        lock (_lock)
        {
            _samples.Enqueue((now, new Dictionary<string, (long Ok, long Failed)>(_byPod, StringComparer.Ordinal)));
            // The oldest sample goes when the one after it is old enough.
            while (
                _samples.Count > RateSamples
                || (_samples.Count > 1 && _samples.ElementAt(1).At <= now - RateSeconds + 1e-3)
            )
                _samples.Dequeue();
            var (then, before) = _samples.Peek();
            var seconds = Math.Max(now - then, 1e-9);
            var phase = _phases[^1];
            LivePod Live(BackendPod? pod)
            {
                var key = pod?.Name ?? NoPod;
                var (ok, failed) = _byPod.GetValueOrDefault(key);
                var (okThen, failedThen) = before.GetValueOrDefault(key);
                return new LivePod(pod, (ok - okThen) / seconds, (failed - failedThen) / seconds)
                {
                    OnClientNode = pod?.Node == clientNode,
                    LatencyMs = _recent.TryGetValue(key, out var recent) ? recent.Quantiles() : null,
                };
            }
            var pods = phase.Pods.Select(p => Live(p)).ToList();
            if (_byPod.ContainsKey(NoPod))
                pods.Add(Live(null));
            return new LiveSample(phase.Name, TimeSpan.FromSeconds(now), Resolved, [.. pods])
            {
                Window = seconds,
                Responses =
                [
                    .. _responses.Select(r => new ResponseCount(
                        r.Key.Pod == NoPod ? null : r.Key.Pod,
                        _nodes.GetValueOrDefault(r.Key.Pod),
                        r.Key.Status,
                        r.Value
                    )),
                ],
            };
        }
    }
}
