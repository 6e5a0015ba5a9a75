using CiliumDebugging.Lab.Page;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Running;

/// <summary>Rates and latencies of the last seconds, for display. Not thread-safe.</summary>
internal sealed class RecentRates
{
    /// <summary>The key under which responses that name no Pod are counted.</summary>
    private const string NoPod = "";

    /// <summary>Rates are averages over at least this many seconds, or since the last change.</summary>
    private const double WindowSeconds = 2.5;
    private const int MaxSamples = 64,
        MaxPods = 1000,
        MaxResponses = 2000;

    private readonly Queue<(double At, Dictionary<string, (long Ok, long Failed)> ByPod)> _samples = new();
    private readonly Dictionary<string, (long Ok, long Failed)> _byPod = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Pod, int Status), long> _responses = [];
    private readonly Dictionary<string, string> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RecentLatency> _latencies = new(StringComparer.Ordinal);

    /// <summary>A phase begins: its Pods' nodes are needed to show responses.</summary>
    public void Begin(PhaseTally phase)
    {
        if (_nodes.Count > MaxPods)
            _nodes.Clear();
        foreach (var pod in phase.Pods)
            _nodes[pod.Name] = pod.Node;
    }

    /// <summary>Starts the averages anew: the rates before a change must not be mixed with those after it.</summary>
    public void Restart(double at)
    {
        _samples.Clear();
        TakeSample(at);
    }

    private void TakeSample(double at) =>
        _samples.Enqueue((at, new Dictionary<string, (long Ok, long Failed)>(_byPod, StringComparer.Ordinal)));

    public void Add(RecordLine record)
    {
        var key = record.Pod ?? NoPod;
        var (ok, failed) = _byPod.GetValueOrDefault(key);
        _byPod[key] = OutcomeTally.IsOk(record) ? (ok + 1, failed) : (ok, failed + 1);
        if (record.Outcome.IsNotSent())
            return;
        LatencyOf(key).Add((record.End - record.Due) * 1000);
        var response = (key, record.Status);
        if (_responses.Count < MaxResponses || _responses.ContainsKey(response))
            _responses[response] = _responses.GetValueOrDefault(response) + 1;
    }

    private RecentLatency LatencyOf(string key)
    {
        if (_latencies.TryGetValue(key, out var recent))
            return recent;
        if (_latencies.Count >= MaxPods)
            _latencies.Clear();
        return _latencies[key] = new RecentLatency();
    }

    /// <summary>Takes a sample and gives the rates since the oldest one kept.</summary>
    /// <param name="now">s since the attack's epoch.</param>
    /// <param name="clientNode">Node of the load test.</param>
    /// <param name="phase">The current phase.</param>
    /// <param name="requests">Requests with an outcome since the load began.</param>
    public LiveSample Sample(double now, string clientNode, PhaseTally phase, long requests)
    {
        TakeSample(now);
        // The oldest sample is dropped when the one after it is old enough.
        while (_samples.Count > MaxSamples || (_samples.Count > 1 && IsOld(_samples.ElementAt(1).At)))
            _samples.Dequeue();
        var (then, before) = _samples.Peek();
        var seconds = Math.Max(now - then, 1e-9);
        var pods = phase.Pods.Select(pod => Live(pod.Name, pod)).ToList();
        if (_byPod.ContainsKey(NoPod))
            pods.Add(Live(NoPod, null));
        return new LiveSample(phase.Name, TimeSpan.FromSeconds(now), requests, [.. pods])
        {
            Window = seconds,
            Responses = [.. _responses.Select(r => Response(r.Key.Pod, r.Key.Status, r.Value))],
        };

        bool IsOld(double at) => at <= now - WindowSeconds + 1e-3;

        LivePod Live(string key, BackendPod? pod)
        {
            var (ok, failed) = _byPod.GetValueOrDefault(key);
            var (okThen, failedThen) = before.GetValueOrDefault(key);
            return new LivePod(pod, (ok - okThen) / seconds, (failed - failedThen) / seconds)
            {
                OnClientNode = pod?.Node == clientNode,
                LatencyMs = _latencies.GetValueOrDefault(key)?.Quantiles(),
            };
        }
    }

    private ResponseCount Response(string pod, int status, long count) =>
        new(pod == NoPod ? null : pod, _nodes.GetValueOrDefault(pod), status, count);
}
