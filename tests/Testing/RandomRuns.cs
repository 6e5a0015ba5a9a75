using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Testing;

/// <summary>
/// Runs with any number of Pods, phases and faults, in any state: under load, over, and a moment after a change. Faults
/// are drawn, not the status: what the surfaces must say follows from the counts.
/// </summary>
internal sealed class RandomRuns
{
    private enum Fault
    {
        None,
        OnePodAnswers,
        Uneven,
        SomeFail,
        MajorityFails,
        Outage,
    }

    private static readonly string[] s_diagnoses = ["even", "unknown", "two-sided-l7", "stale-conntrack"];

    private readonly Random _random;
    private readonly ImmutableArray<BackendPod> _pods;
    private readonly ExpectedShares _expected;
    private readonly SkewMonitor _monitor;
    private readonly List<RecordedEvent> _events = [];
    private double _at;

    private RandomRuns(int seed)
    {
        _random = new Random(seed);
        var count = _random.Next(4) == 0 ? _random.Next(1, 31) : _random.Next(2, 5);
        _pods =
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new BackendPod($"backend-1-7d9f-{i:00000}", "backend", $"node-{i % 4}")),
        ];
        var leftOut = _random.Next(6) == 0 ? _random.Next(count) : 0;
        _expected = ExpectedShares.Weighted(
            [.. _pods.Select(p => p.Name)],
            [.. _pods.Select((_, i) => i < leftOut ? 0.0 : 1.0)]
        );
        _monitor = new SkewMonitor(_expected);
    }

    /// <summary>A run and what the client sees of its last seconds.</summary>
    public static (RunReport Report, LiveSample Live) Create(int seed) => new RandomRuns(seed).Create();

    private (RunReport Report, LiveSample Live) Create()
    {
        List<PhaseReport> phases = [];
        for (var (n, count) = (0, _random.Next(1, 4)); n < count; n++)
        {
            phases.Add(Phase($"phase-{n}"));
            if (_random.Next(3) == 0)
                phases.Add(Change($"changing: phase-{n}"));
        }
        var diagnosis = new DiagnosisResult
        {
            Name = s_diagnoses[_random.Next(s_diagnoses.Length)],
            Sentence = "What was found.",
            Hop = "egress proxy",
        };
        var latest = phases.FindLastIndex(p => p.IsEvaluated);
        var last = phases[latest] with { Diagnosis = diagnosis };
        phases[latest] = last;
        var cluster = new ClusterIdentity(
            (ClusterKind)_random.Next(3),
            _random.Next(4) == 0 ? null : $"1.{_random.Next(9, 20)}.0"
        );
        var report = new RunReport
        {
            Scenario = "two-sided-l7",
            Title = "What the scenario predicts",
            RatePerSecond = 50,
            ClientPod = "load-test-1-x",
            ClientNode = "node-0",
            Phases = [.. phases],
            Status = _monitor.Status(),
            Diagnosis = diagnosis,
            Expectations = [new ExpectationResult("delivery is skewed", _random.Next(2) == 0, "it is not")],
            Evidence = cluster.IsEmulated ? (ReleaseEvidence)_random.Next(2) : null,
            Details = RunDetails.Unknown with { Cluster = cluster, Events = [.. _events] },
        };
        return (report, _random.Next(2) == 0 ? LiveSample.None : Live(last));
    }

    private PhaseReport Phase(string name)
    {
        var fault = _random.Next(2) == 0 ? Fault.None : (Fault)_random.Next(6);
        var requests = _random.Next(8) switch
        {
            0 => _random.Next(0, 5),
            1 or 2 => _random.Next(8_000, 16_000),
            _ => _random.Next(20, 2_000),
        };
        var kept = _random.Next(8) == 0;
        var start = _at;
        var recorded = new RecordedEvent($"{name}.yaml was applied", TimeSpan.FromSeconds(start));
        _events.Add(recorded);
        _monitor.Record(recorded);
        var (delivery, selection) = (new DeliveryTest(_expected), new SkewTest(_expected));
        var (ok, failed) = (new long[_pods.Length], 0L);
        var allowed = Enumerable.Range(0, _pods.Length).Where(i => _expected.Weights[i] > 0).ToArray();
        for (var n = 0; n < requests; n++)
        {
            _at += 0.02;
            var pod = allowed[_random.Next(allowed.Length)];
            // A starved Pod gives two of three of its requests to the others.
            if (fault is Fault.Uneven && pod == allowed[0] && _random.Next(3) > 0)
                pod = allowed[_random.Next(allowed.Length)];
            if (fault is Fault.Uneven && _random.Next(3) == 0)
                pod = allowed[^1];
            var succeeds = fault switch
            {
                Fault.Outage => false,
                Fault.OnePodAnswers => pod == allowed[^1],
                Fault.SomeFail => _random.Next(20) > 0,
                // On all Pods alike.
                Fault.MajorityFails => _random.Next(10) > 6,
                _ => true,
            };
            // On kept connections few choices stand for many requests.
            var isChoice = !kept || n < 3;
            if (isChoice)
                selection.Add(pod);
            if (!succeeds)
            {
                failed++;
                delivery.Add(null, success: false);
                continue;
            }
            ok[pod]++;
            if (!isChoice)
                continue;
            delivery.Add(pod, success: true);
            _monitor.Add(pod, TimeSpan.FromSeconds(_at));
        }
        var statuses = ImmutableSortedDictionary<int, long>.Empty;
        if (ok.Sum() > 0)
            statuses = statuses.Add(200, ok.Sum());
        if (failed > 0)
            statuses = statuses.Add(503, failed);
        return new PhaseReport
        {
            Name = name,
            Start = start,
            Seconds = Math.Max(_at - start, 0.02),
            Requests = requests,
            ByStatus = statuses,
            StatusUnknown = failed == 0 && _random.Next(10) == 0,
            Pods =
            [
                .. _pods.Select(
                    (p, i) =>
                        new PodPhase
                        {
                            Pod = p,
                            OnClientNode = p.Node == "node-0",
                            Ok = ok[i],
                            Echo = ok[i],
                        }
                ),
            ],
            Selection = selection.Verdict(),
            SelectionSource = "client",
            Delivery = delivery.Evaluate(),
        };
    }

    /// <summary>Requests while the backends change, some of which may fail.</summary>
    private PhaseReport Change(string name)
    {
        var (start, ok, failed) = (_at, _random.Next(60), _random.Next(2) == 0 ? 0 : _random.Next(60));
        _at += Math.Max((ok + failed) * 0.02, 0.02);
        var nothing = ExpectedShares.Weighted([.. _pods.Select(p => p.Name)], new double[_pods.Length]);
        return new PhaseReport
        {
            Name = name,
            IsEvaluated = false,
            Start = start,
            Seconds = _at - start,
            Requests = ok + failed,
            ByStatus = ImmutableSortedDictionary.CreateRange([
                KeyValuePair.Create(200, (long)ok),
                KeyValuePair.Create(503, (long)failed),
            ]),
            Pods = [.. _pods.Select(p => new PodPhase { Pod = p, OnClientNode = p.Node == "node-0" })],
            Selection = new SkewTest(nothing).Verdict(),
            SelectionSource = "client",
            Delivery = new DeliveryTest(nothing).Evaluate(),
            Diagnosis = ChangeDiagnosis.Of(
                new ChangeFacts
                {
                    Requests = ok + failed,
                    Failures = failed,
                    Service = "backend/backend-1",
                }
            ),
        };
    }

    /// <summary>Rates like the phase's, or those of a change that the phase does not show yet.</summary>
    private LiveSample Live(PhaseReport phase)
    {
        var changes = _random.Next(3) == 0;
        var seconds = Math.Max(phase.Seconds, 1);
        var pods = phase.Pods.Select(
            (p, i) => new LivePod(p.Pod, changes && i > 0 ? 0 : p.Ok / seconds, 0) { OnClientNode = p.OnClientNode }
        );
        var failed = phase.Failures / seconds;
        return new LiveSample(
            phase.Name,
            TimeSpan.FromSeconds(_at),
            phase.Requests,
            [.. pods, .. failed > 0 ? [new LivePod(null, 0, failed)] : ImmutableArray<LivePod>.Empty]
        )
        {
            Window = _random.Next(2) == 0 ? 2.5 : 0.5 + _random.NextDouble(),
        };
    }
}
