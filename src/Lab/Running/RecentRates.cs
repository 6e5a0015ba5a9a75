using CiliumDebugging.Lab.Clusters;
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
        MaxResponses = 2000;

    private readonly Queue<(double At, Dictionary<string, (long Ok, long Failed)> ByPod)> _samples = new();
    private readonly RecentPods<RecentPod> _pods = new();

    /// <summary>A phase begins: its Pods' nodes are needed to show responses.</summary>
    public void Begin(PhaseTally phase)
    {
        foreach (var pod in phase.Pods)
            _pods.Of(pod.Name).Node = pod.Node;
    }

    /// <summary>Starts the averages anew: the rates before a change must not be mixed with those after it.</summary>
    public void Restart(double at)
    {
        _samples.Clear();
        TakeSample(at);
    }

    private void TakeSample(double at) =>
        _samples.Enqueue(
            (at, _pods.All.ToDictionary(p => p.Pod, p => (p.Value.Ok, p.Value.Failed), StringComparer.Ordinal))
        );

    public void Add(RecordLine record)
    {
        var pod = _pods.Of(record.Pod ?? NoPod);
        pod.Add(OutcomeTally.IsOk(record));
        if (!record.Outcome.IsNotSent())
            pod.AddSent(record.Status, (record.End - record.Due) * 1000);
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
        if (_pods.Find(NoPod) is not null)
            pods.Add(Live(NoPod, null));
        return new LiveSample(phase.Name, TimeSpan.FromSeconds(now), requests, [.. pods])
        {
            Window = seconds,
            Responses = [.. _pods.All.SelectMany(p => Responses(p.Pod, p.Value)).Take(MaxResponses)],
        };

        // A Pod that was forgotten in between begins at 0.
        double Rate(long? now, long then) => Math.Max(0, (now ?? 0) - then) / seconds;

        bool IsOld(double at) => at <= now - WindowSeconds + 1e-3;

        LivePod Live(string key, BackendPod? pod)
        {
            var recent = _pods.Find(key);
            var (ok, failed) = before.GetValueOrDefault(key);
            return new LivePod(pod, Rate(recent?.Ok, ok), Rate(recent?.Failed, failed))
            {
                OnClientNode = pod?.Node == clientNode,
                LatencyMs = recent?.Latency.Quantiles(),
            };
        }
    }

    private static IEnumerable<ResponseCount> Responses(string name, RecentPod pod) =>
        pod.ByStatus.Select(r => new ResponseCount(name == NoPod ? null : name, pod.Node, r.Key, r.Value));
}
