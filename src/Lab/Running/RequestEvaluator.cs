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
    private const int MaxGapStarts = 200_000;

    private readonly FreshSelections _fresh = new();
    private readonly List<PhaseTally> _phases = [];
    private readonly Dictionary<int, double> _firstUse = []; // by port: at most 65,535
    private readonly List<double> _gapStarts = [];
    private SkewMonitor? _monitor;

    /// <summary>The phase whose shares the monitor expects.</summary>
    private PhaseTally? _expected;

    public IReadOnlyList<PhaseTally> Phases => _phases;

    /// <summary>The requests since the last phase ended.</summary>
    public ChangeTally Following { get; private set; } = new();

    /// <summary>All requests of phases that were dropped.</summary>
    public (int Phases, ChangeTally Tally) Dropped { get; private set; } = (0, new());

    /// <summary>Delivery over the whole run, from the first phase on.</summary>
    public SkewStatus Status => _monitor!.Status();

    public void Begin(PhaseTally phase)
    {
        (phase.Preceding, Following) = (Following, new ChangeTally());
        _phases.Add(phase);
        _expected ??= phase;
        _monitor ??= new SkewMonitor(phase.Backends.Shares);
    }

    /// <summary>Forgets a phase; its requests and those before it remain counted.</summary>
    public void Drop(PhaseTally phase)
    {
        _phases.Remove(phase);
        Dropped.Tally.Outcomes.Add(phase.Outcomes);
        Dropped.Tally.Add(phase.Preceding);
        Dropped = Dropped with { Phases = Dropped.Phases + 1 };
    }

    /// <param name="record">Starts no earlier than the one before it.</param>
    public void Evaluate(RecordLine record)
    {
        foreach (var happened in events.TakeBefore(record.Start))
            _monitor!.Record(happened);
        var phase = _phases.FindLast(p => record.Start >= p.Start && record.Start < p.End);
        if (phase is null)
            (_phases.Find(p => p.Start > record.Start)?.Preceding ?? Following).Add(record);
        var firstUse = _firstUse.GetValueOrDefault(record.Port, record.Start);
        if (record.Port != 0)
            _firstUse.TryAdd(record.Port, record.Start);
        if (events.OpenChangeBefore(record.Start) is { } change)
        {
            // Between a change and the next phase the expected shares are not known.
            if (phase is null)
            {
                if (_gapStarts.Count < MaxGapStarts)
                    _gapStarts.Add(record.Start);
                return;
            }
            _fresh.BackendsChanged();
            _monitor!.Expect(phase.Backends.Shares, change);
            _expected = phase;
            events.Close(change);
        }
        var source = clientAddress is null || record.Port == 0 ? null : new IPEndPoint(clientAddress, record.Port);
        var origin = _fresh.Classify("service", source, TimeSpan.FromSeconds(record.Start), record.Nth == 0);
        phase?.Add(record, origin, record.Port == 0 ? null : firstUse < phase.Start);
        // Between two phases (a policy is being applied) the order of events still counts for the onset.
        var position = _expected!.Position(record.Pod);
        if (origin is SelectionOrigin.Fresh && OutcomeTally.IsOk(record) && position is { } backend)
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
