using System.Collections.Immutable;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Running;

/// <summary>The requests that started in one phase, counted one by one in constant memory.</summary>
internal sealed class PhaseTally(string name, double start, ExpectedBackends backends, ClusterCounters before)
{
    private readonly Dictionary<string, int> _positions = backends
        .Pods.Select((p, i) => (p.Name, i))
        .ToDictionary(p => p.Name, p => p.i, StringComparer.Ordinal);
    private readonly DeliveryTest _delivery = new(backends.Shares);
    private readonly SkewTest _selection = new(backends.Shares);
    private readonly long[] _ok = new long[backends.Pods.Length];
    private readonly long[] _failed = new long[backends.Pods.Length];
    private readonly Latencies _latency = new();
    private readonly ConnectionTally _connections = new();
    private readonly double[] _secondsByPod = new double[backends.Pods.Length];
    private ClientNodeMatrix? _matrix;
    private bool _portsKnown = true;

    public string Name { get; } = name;

    /// <summary>The scenario's phase that it belongs to: a change made meanwhile begins another one.</summary>
    public string Step { get; init; } = name;

    /// <summary>Start, s since the attack's epoch.</summary>
    public double Start => start;

    /// <summary>End, s since the attack's epoch; infinite while it lasts.</summary>
    public double End { get; private set; } = double.PositiveInfinity;

    /// <summary>Whether <see cref="End"/> is when <see cref="After"/> was read.</summary>
    public bool EndsWithCounters { get; set; }

    /// <summary>The requests between the phase before and this one.</summary>
    public ChangeTally Preceding { get; set; } = new();

    /// <summary>The Pods behind the Service and their expected shares, the same throughout the phase.</summary>
    public ExpectedBackends Backends => backends;

    public ImmutableArray<BackendPod> Pods => backends.Pods;

    /// <summary>The cluster's counters when it began.</summary>
    public ClusterCounters Before => before;

    /// <summary>The cluster's counters when it was over.</summary>
    public ClusterCounters? After
    {
        get;
        set
        {
            field = value;
            SilentPods = SilentPods.Union(value?.SilentPods ?? []);
        }
    }

    /// <summary>Pods that did not answer, at one reading of the counters or another.</summary>
    public ImmutableSortedSet<string> SilentPods { get; private set; } = before.SilentPods;

    /// <summary>The replacement of a Pod just before the phase; null when there was none.</summary>
    public PodReplacement? Replaced { get; init; }

    /// <summary>The Pods that a change of a Deployment just before the phase may have ended; null: there was none.</summary>
    public EndingPods? Ending { get; init; }

    /// <summary>Node of the client; null when unknown: then there is no matrix of client nodes.</summary>
    public string? ClientNode { get; init; }

    /// <summary>Whether the machine keeps up.</summary>
    public MachineGate Machine { get; init; } = new();

    /// <summary>
    /// How long requests were under way, all together: those that failed, and those that succeeded, s.
    /// </summary>
    public (double Failed, double Ok) SecondsUnderWay { get; private set; }

    /// <summary>Requests with an outcome.</summary>
    public long Requests => Outcomes.Requests;

    /// <summary>The requests by how they ended.</summary>
    public OutcomeTally Outcomes { get; } = new();

    /// <summary>Ends it, unless it ended earlier.</summary>
    /// <param name="at">s since the attack's epoch.</param>
    public void EndAt(double at) => End = Math.Min(End, Math.Max(start, at));

    /// <summary>Position of a Pod; null when it is not one of the phase's.</summary>
    public int? Position(string? pod) =>
        pod is not null && _positions.TryGetValue(pod, out var position) ? position : null;

    /// <summary>Adds a request; in the order of starts.</summary>
    /// <param name="record">The request.</param>
    /// <param name="origin">Whether its connection is a fresh selection.</param>
    /// <param name="usedBefore">Whether its port was used before this phase; null when the port is unknown.</param>
    public void Add(RecordLine record, SelectionOrigin origin, bool? usedBefore)
    {
        if (!Outcomes.Add(record))
            return;
        _connections.Add(record.Conn, record.Nth, record.Pod, usedBefore, record.Port);
        var position = Position(record.Pod);
        var ok = OutcomeTally.IsOk(record);
        _latency.Add(TimeSpan.FromSeconds(record.End - record.Due));
        var took = record.End - record.Start;
        var (failedSeconds, okSeconds) = SecondsUnderWay;
        SecondsUnderWay = ok ? (failedSeconds, okSeconds + took) : (failedSeconds + took, okSeconds);
        if (record.IsClientsOwnFailure())
            Machine.AddOwnFailure();
        else
            Machine.Add(TimeSpan.FromSeconds(record.Start - record.Due), TimeSpan.FromSeconds(took), ok);
        if (position is { } p)
        {
            (ok ? _ok : _failed)[p]++;
            _secondsByPod[p] += record.End - record.Start;
        }
        if (origin is SelectionOrigin.UnknownPort)
            _portsKnown = false;
        if (origin is not SelectionOrigin.Fresh)
            return;
        _delivery.Add(position, ok);
        if (position is { } chosen)
            _selection.Add(chosen);
        else
            _selection.AddUnattributed();
        if (ClientNode is null)
            return;
        _matrix ??= new ClientNodeMatrix(_selection.Expected, [.. Pods.Select(pod => (string?)pod.Node)]);
        _matrix.Add(ClientNode, position);
    }

    public ConnectionFacts Connections => _connections.Facts();

    /// <summary>The phase's report. The time, s since the attack's epoch, ends a phase that still lasts.</summary>
    public PhaseReport Report(string clientNode, double now = double.PositiveInfinity)
    {
        var counted = (After ?? Before).Since(Before);
        var unit = _portsKnown ? SelectionUnit.FreshSelection : SelectionUnit.UnknownPort;
        var perPod = Pods.Select(
                (pod, i) =>
                    Counts(pod, _ok[i], _failed[i], counted, clientNode) with
                    {
                        MeanLatencyMs = _ok[i] + _failed[i] > 0 ? 1000 * _secondsByPod[i] / (_ok[i] + _failed[i]) : 0,
                    }
            )
            .ToImmutableArray();
        var (selection, source) = Selection(counted, clientNode, unit);
        var gate = Machine.Describe(Step, Requests - Outcomes.Ok);
        var delivery = _delivery.Evaluate(unit);
        return new PhaseReport
        {
            Name = Name,
            Seconds = Math.Min(End, now) - start,
            Requests = Requests,
            ByStatus = Outcomes.ByStatus,
            Unanswered = Outcomes.Unanswered,
            Pods = perPod,
            Selection = selection.Withhold(gate),
            SelectionSource = source,
            Delivery = delivery with { Successes = delivery.Successes.Withhold(gate) },
            MachineGate = gate,
            Start = start,
            NotSent = Outcomes.NotSent,
            ClientNodes = _matrix?.Rows(unit) ?? [],
            Locality = _matrix?.Locality(),
            // Finding its intervals is too expensive to do every second.
            Latency = double.IsFinite(now) ? null : LatencySummary.Of(_latency),
        };
    }

    /// <summary>The counts of a Pod: the client's, and those of Hubble and the Pod.</summary>
    internal static PodPhase Counts(BackendPod pod, long ok, long failed, ClusterCounters counted, string clientNode) =>
        new()
        {
            Pod = pod,
            OnClientNode = pod.Node == clientNode,
            Ok = ok,
            Failed = failed,
            HubbleRequests = counted.RequestsTo(pod.HubbleName),
            HubbleOk = counted.ResponsesOf(pod.HubbleName, ResponseStatus.IsSuccess),
            HubbleServerErrors = counted.ResponsesOf(pod.HubbleName, s => s >= 500),
            Echo = counted.Echo.GetValueOrDefault(pod.HubbleName),
            ClientProxyErrors = ClientSideErrors(counted, pod, clientNode),
        };

    /// <summary>
    /// Which Pod was chosen: the client count where every response names its Pod, or Hubble knows no more. Otherwise
    /// the responses that name one, and for the others the 5xx that Hubble on the client's node attributes to each Pod.
    /// There is no error bound then: Hubble does not report client ports.
    /// </summary>
    private (Verdict Verdict, string Source) Selection(ClusterCounters counted, string clientNode, SelectionUnit unit)
    {
        long[] fromHubble = [.. Pods.Select(pod => (long)ClientSideErrors(counted, pod, clientNode))];
        if (_selection.Counts.Unattributed == 0 || fromHubble.Sum() == 0)
            return (_selection.Verdict(unit), "client");
        var both = new BackendCounts([.. fromHubble.Select((errors, i) => _ok[i] + _failed[i] + errors)], 0);
        return (SkewTest.Evaluate(backends.Shares, both, unit: SelectionUnit.HubbleRequest), "client and Hubble");
    }

    /// <summary>5xx that Hubble on the client's node attributes to the Pod.</summary>
    private static double ClientSideErrors(ClusterCounters counted, BackendPod pod, string clientNode) =>
        counted
            .Responses.Where(r => r.Key.Node == clientNode && r.Key.Pod == pod.HubbleName && r.Key.Status >= 500)
            .Sum(r => r.Value);
}
