using System.Net;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Evaluates requests in the order of their starts: finds each one's phase, whether its connection is a fresh
/// selection, and feeds the monitor of the whole run. Not thread-safe.
/// </summary>
/// <param name="clientAddress">Address of the load-test Pod; null when unknown.</param>
/// <param name="events">What happened to the cluster meanwhile.</param>
internal sealed class RequestEvaluator(IPAddress? clientAddress, RunEvents events)
{
    /// <summary>A manual run may have any number of phases.</summary>
    private const int MaxPhases = 42;
    private const int MaxGapStarts = 200_000;

    private readonly FreshSelections _fresh = new();
    private readonly List<PhaseTally> _phases = [];
    private readonly Dictionary<int, double> _firstUse = []; // by port: at most 65,535
    private readonly List<double> _gapStarts = [];
    private SkewMonitor? _monitor;

    /// <summary>The first phase and the last 41.</summary>
    public IReadOnlyList<PhaseTally> Phases => _phases;

    /// <summary>Delivery over the whole run, from the first phase on.</summary>
    public SkewStatus Status => _monitor!.Status();

    public void Begin(PhaseTally phase)
    {
        _phases.Add(phase);
        if (_phases.Count > MaxPhases)
            _phases.RemoveAt(1);
        _monitor ??= new SkewMonitor(phase.Backends.Shares);
    }

    /// <param name="record">Starts no earlier than the one before it.</param>
    public void Evaluate(RecordLine record)
    {
        foreach (var happened in events.TakeBefore(record.Start))
            _monitor!.Record(happened);
        var phase = _phases.FindLast(p => record.Start >= p.Start && record.Start < p.End);
        var firstUse = _firstUse.GetValueOrDefault(record.Port, record.Start);
        if (record.Port != 0)
            _firstUse.TryAdd(record.Port, record.Start);
        if (events.OpenChangeBefore(record.Start) is { } change)
        {
            // Between a change and the next phase the expected shares are not known.
            if (phase is null || phase.Start < change.At.TotalSeconds)
            {
                if (_gapStarts.Count < MaxGapStarts)
                    _gapStarts.Add(record.Start);
                return;
            }
            _fresh.BackendsChanged();
            _monitor!.Expect(phase.Backends.Shares, change);
            events.Close(change);
        }
        var source = clientAddress is null || record.Port == 0 ? null : new IPEndPoint(clientAddress, record.Port);
        var origin = _fresh.Classify("service", source, TimeSpan.FromSeconds(record.Start), record.Nth == 0);
        phase?.Add(record, origin, record.Port == 0 ? null : firstUse < phase.Start);
        // Between two phases (a policy is being applied) the order of events still counts for the onset.
        var position = (phase ?? _phases[^1]).Position(record.Pod);
        if (origin is SelectionOrigin.Fresh && record.Status is >= 200 and < 300 && position is { } backend)
            _monitor!.Add(backend, TimeSpan.FromSeconds(record.Start));
    }

    /// <summary>What the client saw of a replacement: ports used before it, and connections in its gap.</summary>
    public BackendReplacement Measure(PodReplacement replaced) =>
        new(
            replaced,
            _firstUse.Values.Count(at => at < replaced.GoneAt),
            _gapStarts.Count(at => at >= replaced.GoneAt && at < replaced.ReadyAt)
        );
}
