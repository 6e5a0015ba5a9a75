using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>Summarises an attack's records as they come, in constant memory however many there are: counts by bucket
/// and by responder, latency from the intended start (all, per status, per responder), service time, and the time by
/// which the generator itself was late. Mergeable; not safe for concurrent use.</summary>
public sealed class AttackResults : IRecordSink
{
    /// <summary>Responders and statuses with a histogram of their own; further ones share
    /// <see cref="ResponderNames.Other"/> or status 0.</summary>
    public const int MaxKeys = 256;

    /// <summary>Responder of a response that does not name one.</summary>
    public const string Unknown = "(unknown)";

    private readonly Dictionary<int, Latencies> _byStatus = [];
    private readonly Dictionary<string, Latencies> _byResponder = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Pod, int Status), long> _counts = [];

    // The latest intended start, the first request that had it, and the last request of all: with several workers
    // others of its round are intended before it.
    private (TimeSpan IntendedStart, long First) _lastBurst = (TimeSpan.MinValue, 0);
    private long _lastSequence = -1;

    /// <summary>Results without a record.</summary>
    public AttackResults() { }

    internal AttackResults(SavedCounts saved)
    {
        Accounting = new AttackAccounting(saved);
        Bytes = saved.Bytes;
        if (saved.FirstStart is { } first)
            Starts = (new TimeSpan(first), new TimeSpan(saved.LastStart));
        _lastBurst = (new TimeSpan(saved.LastBurst), 0);
        _lastSequence = saved.AfterLastBurst - 1;
        foreach (var (pod, status, count) in saved.Responders)
            _counts[(pod, status)] = count;
        // Earlier versions saved no choices: whether a port was used again is as unknown as the port.
        Choices = saved.Choices is { } choices
            ? new FreshChoices(choices)
            : FreshChoices.OfUnknownPorts(
                _counts.Where(c => ResponseStatus.IsSuccess(c.Key.Status)).Select(c => (c.Key.Pod, c.Value))
            );
    }

    /// <summary>Counts by bucket, from the records alone.</summary>
    public AttackAccounting Accounting { get; } = new();

    /// <summary>The successes that are choices of a backend of their own.</summary>
    internal FreshChoices Choices { get; } = new();

    /// <summary>From the intended start to the end, of every request that was started.</summary>
    public Latencies Latency { get; } = new();

    /// <summary>From the real start to the end.</summary>
    public Latencies ServiceTime { get; } = new();

    /// <summary>From the intended to the real start: what the generator, not the service, added.</summary>
    public Latencies Blocked { get; } = new();

    /// <summary>Latency per status; responses only.</summary>
    public IReadOnlyDictionary<int, Latencies> ByStatus => _byStatus;

    /// <summary>Latency per responding pod; responses only.</summary>
    public IReadOnlyDictionary<string, Latencies> ByResponder => _byResponder;

    /// <summary>Responses by pod and status.</summary>
    public IReadOnlyDictionary<(string Pod, int Status), long> Counts => _counts;

    /// <summary>When the first request was to start that was started, and when the last one did.</summary>
    public (TimeSpan First, TimeSpan Last) Starts { get; private set; } = (TimeSpan.MaxValue, TimeSpan.Zero);

    /// <summary>Answers that succeeded (<see cref="ResponseStatus.IsSuccess"/>).</summary>
    public long Succeeded => _counts.Where(c => ResponseStatus.IsSuccess(c.Key.Status)).Sum(c => c.Value);

    /// <summary>Bytes received.</summary>
    public long Bytes { get; private set; }

    /// <summary>Starts per second from when the first was intended to the last burst, which is not counted itself; 0
    /// when there are no others. A first start that is late does not make it higher than the rate.</summary>
    public double AchievedRate =>
        Accounting.Started > InLastBurst && Starts.Last > Starts.First
            ? (Accounting.Started - InLastBurst) / (Starts.Last - Starts.First).TotalSeconds
            : 0;

    // Numbers are missing only where workers went on at their own pace, at an unlimited rate: then the others' requests
    // are of other moments, and there are no bursts.
    private long InLastBurst => _lastSequence >= Accounting.Intended ? 1 : _lastSequence + 1 - _lastBurst.First;

    public void Started(long sequence, TimeSpan intendedStart, TimeSpan start) { }

    public void Add(in RequestRecord record)
    {
        Accounting.Intended++;
        Accounting.Add(record);
        if (record.Outcome.IsNotSent())
            return;
        Accounting.AddStarted();
        Starts = (
            record.IntendedStart < Starts.First ? record.IntendedStart : Starts.First,
            record.Start > Starts.Last ? record.Start : Starts.Last
        );
        AddToLastBurst(record.IntendedStart, record.Sequence, record.Sequence);
        Bytes += record.BytesReceived;
        Latency.Add(record.Latency);
        ServiceTime.Add(record.ServiceTime);
        Blocked.Add(record.Blocked);
        if (record.Outcome is not Outcome.Response)
        {
            Choices.Add(record, null);
            return;
        }
        var status = _byStatus.Count >= MaxKeys && !_byStatus.ContainsKey(record.Status) ? 0 : record.Status;
        var pod = record.Pod ?? Unknown;
        pod = _byResponder.Count >= MaxKeys && !_byResponder.ContainsKey(pod) ? ResponderNames.Other : pod;
        For(_byStatus, status).Add(record.Latency);
        For(_byResponder, pod).Add(record.Latency);
        _counts[(pod, status)] = _counts.GetValueOrDefault((pod, status)) + 1;
        Choices.Add(record, ResponseStatus.IsSuccess(record.Status) ? pod : null);
    }

    /// <summary>Adds another attack's results: counts and histograms merge exactly, as if one attack had seen all
    /// records.</summary>
    public void Merge(AttackResults other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Accounting.Merge(other.Accounting);
        Choices.Merge(other.Choices);
        Latency.Merge(other.Latency);
        ServiceTime.Merge(other.ServiceTime);
        Blocked.Merge(other.Blocked);
        foreach (var (status, latencies) in other._byStatus)
            For(_byStatus, status).Merge(latencies);
        foreach (var (pod, latencies) in other._byResponder)
            For(_byResponder, pod).Merge(latencies);
        foreach (var (key, count) in other._counts)
            _counts[key] = _counts.GetValueOrDefault(key) + count;
        Starts = (
            other.Starts.First < Starts.First ? other.Starts.First : Starts.First,
            other.Starts.Last > Starts.Last ? other.Starts.Last : Starts.Last
        );
        AddToLastBurst(
            other._lastBurst.IntendedStart,
            other._lastSequence + 1 - other.InLastBurst,
            other._lastSequence
        );
        Bytes += other.Bytes;
    }

    /// <summary>The counts, to be saved.</summary>
    internal SavedCounts ToSaved() =>
        new(
            Intended: Accounting.Intended,
            Started: Accounting.Started,
            Outcomes:
            [
                .. Enum.GetValues<Outcome>()
                    .Where(outcome => Accounting[outcome] > 0)
                    .Select(outcome => new SavedOutcome(outcome, Accounting[outcome])),
            ],
            Statuses: [.. Accounting.ResponsesByStatus.Select(entry => new SavedStatus(entry.Status, entry.Count))],
            Errors:
            [
                .. Accounting.ErrorsByKind.Select(entry => new SavedError(entry.Outcome, entry.Errno, entry.Count)),
            ],
            Responders:
            [
                .. _counts
                    .OrderBy(entry => entry.Key.Pod, StringComparer.Ordinal)
                    .ThenBy(entry => entry.Key.Status)
                    .Select(entry => new SavedResponder(entry.Key.Pod, entry.Key.Status, entry.Value)),
            ],
            Bytes: Bytes,
            FirstStart: Starts.First == TimeSpan.MaxValue ? null : Starts.First.Ticks,
            LastStart: Starts.Last.Ticks,
            LastBurst: _lastBurst.IntendedStart.Ticks,
            AfterLastBurst: InLastBurst,
            Faults: [.. Accounting.MalformedByFault.Select(entry => new SavedFault(entry.Fault, entry.Count))],
            Choices: Choices.ToSaved()
        );

    internal Latencies OfStatus(int status) => For(_byStatus, status);

    internal Latencies OfResponder(string pod) => For(_byResponder, pod);

    private void AddToLastBurst(TimeSpan intendedStart, long first, long last)
    {
        if (
            intendedStart > _lastBurst.IntendedStart
            || (intendedStart == _lastBurst.IntendedStart && first < _lastBurst.First)
        )
            _lastBurst = (intendedStart, first);
        _lastSequence = Math.Max(_lastSequence, last);
    }

    private static Latencies For<TKey>(Dictionary<TKey, Latencies> latencies, TKey key)
        where TKey : notnull
    {
        if (!latencies.TryGetValue(key, out var found))
            latencies.Add(key, found = new Latencies());
        return found;
    }
}
