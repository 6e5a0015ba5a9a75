using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Testing;

/// <summary>
/// A run against any number of Pods, as the runner tells it to the feed, without a cluster: 40 successes for each Pod
/// that answers, for the others 503s.
/// </summary>
internal static class ManyPods
{
    public const int PerPod = 40;

    public static ImmutableArray<BackendPod> Pods(int pods, int nodes) =>
        [
            .. Enumerable
                .Range(0, pods)
                .Select(i => new BackendPod($"backend-1-{i:000}", "backend", $"node-{i % nodes:00}")),
        ];

    /// <summary>
    /// One phase of 40 s; the Pods for which <paramref name="answers"/> is false get nothing through.
    /// </summary>
    public static RunReport Report(
        ImmutableArray<BackendPod> pods,
        Func<int, bool> answers,
        double at = 10,
        double per = 10
    )
    {
        var shares = ExpectedShares.Equal([.. pods.Select(p => p.Name)]);
        var (delivery, selection, monitor) = (new DeliveryTest(shares), new SkewTest(shares), new SkewMonitor(shares));
        var (ok, failed) = (0L, 0L);
        for (var n = 0; n < PerPod; n++)
        {
            for (var i = 0; i < pods.Length; i++)
            {
                delivery.Add(answers(i) ? i : null, answers(i));
                selection.Add(i);
                if (answers(i))
                    ok++;
                else
                    failed++;
                if (answers(i))
                    monitor.Add(i, TimeSpan.FromSeconds(n));
            }
        }
        var perPod = pods.Select(
                (pod, i) =>
                    new PodPhase
                    {
                        Pod = pod,
                        OnClientNode = pod.Node == "node-00",
                        Ok = answers(i) ? PerPod : 0,
                        HubbleRequests = PerPod,
                        HubbleOk = answers(i) ? PerPod : 0,
                        HubbleServerErrors = answers(i) ? 0 : PerPod,
                        Echo = answers(i) ? PerPod : 0,
                    }
            )
            .ToImmutableArray();
        var statuses = ImmutableSortedDictionary<int, long>.Empty.Add(200, ok);
        var phase = new PhaseReport
        {
            Name = "observe",
            Seconds = PerPod,
            Requests = ok + failed,
            ByStatus = failed > 0 ? statuses.Add(503, failed) : statuses,
            Pods = perPod,
            Selection = selection.Verdict(),
            SelectionSource = "client",
            Delivery = delivery.Evaluate(),
        };
        var newest = new SeriesSample(
            at,
            pods.Select((p, i) => (p.HubbleName, i))
                .ToImmutableSortedDictionary(
                    p => p.HubbleName,
                    p => new PodCounts(
                        answers(p.i) ? per : 0,
                        per,
                        ImmutableSortedDictionary<int, double>.Empty.Add(answers(p.i) ? 200 : 503, per)
                    ),
                    StringComparer.Ordinal
                )
        );
        return new RunReport
        {
            Scenario = "many-pods",
            Title = "Many pods",
            Source = "",
            RatePerSecond = pods.Length,
            ClientPod = "load-test-1-abc",
            ClientNode = "node-00",
            Phases = [phase with { Diagnosis = DiagnosisResult.Unknown("uneven") }],
            Status = monitor.Status(),
            Diagnosis = DiagnosisResult.Unknown("uneven"),
            Details = RunDetails.Unknown with { Series = [newest] },
        };
    }

    /// <summary>What the client sees of it.</summary>
    public static LiveSample Rates(ImmutableArray<BackendPod> pods, Func<int, bool> answers, double at = 10) =>
        new(
            "observe",
            TimeSpan.FromSeconds(at),
            pods.Length * PerPod,
            [
                .. pods.Select((p, i) => new LivePod(p, answers(i) ? 1 : 0, 0) { LatencyMs = new(2, 5) }),
                new LivePod(null, 0, pods.Where((_, i) => !answers(i)).Count()),
            ]
        );
}
