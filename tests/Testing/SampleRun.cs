using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Testing;

/// <summary>
/// A synthetic run with the numbers of the original report: 60 s of 51 requests/s to three Pods, the policy at 30 s.
/// </summary>
internal static class SampleRun
{
    public const double Rate = 51;
    public const int Half = 30;

    public static readonly ImmutableArray<BackendPod> Pods =
    [
        new("backend-1-7d9f-aaaaa", "backend", "cluster-worker"),
        new("backend-1-7d9f-bbbbb", "backend", "cluster-worker2"),
        new("backend-1-7d9f-ccccc", "backend", "cluster-worker3"),
    ];

    public static RunReport Create(string title = "Two-sided L7 policy", string settingValue = "vxlan") =>
        new RunReport
        {
            Scenario = "two-sided-l7",
            Title = title,
            Source = "https://github.com/cilium/cilium/issues/14268",
            RatePerSecond = Rate,
            ClientPod = "load-test-1-abc",
            ClientNode = "cluster-worker3",
            Phases = [Phase("baseline", 0, skewed: false), Phase("observe", Half, skewed: true)],
            Status = Status(),
            Diagnosis = new DiagnosisResult
            {
                Name = "two-sided-l7",
                Sentence = "HTTP rules on both sides.",
                Hop = "egress proxy",
                Supports = ["503s without a pod's name"],
                Refutes = ["a success from another node"],
                Remedies = ["an L4 rule"],
                Links = ["https://github.com/cilium/cilium/issues/14268"],
            },
            Reconciliation =
            [
                new("requests that reached backend-1-7d9f-aaaaa", "client's successes", 510, "echo_requests", 510)
                {
                    Explanation = "why",
                },
                new("lost", "a", 3, "b", 1),
            ],
            Expectations =
            [
                new("baseline: no request fails", true, "0 of 1530 failed"),
                new("observe: every failure is a 503", false, "1 of 1020 failures is something else"),
            ],
            Settings = ImmutableSortedDictionary<string, string>.Empty.Add("tunnel", settingValue),
            Details = new RunDetails
            {
                StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
                Environment = new RunEnvironment("0.1.0", ".NET 10", "Linux", 2),
                Cluster = new ClusterIdentity(ClusterKind.Emulated, "1.9.0"),
                Method = "POST",
                Url = "http://backend-1.backend:8080/echo",
                Steps = ["apply backend-policy.yaml", "measure for 30 s (phase baseline)"],
                Policies = [new PolicyFile("load-test-policy.yaml", "kind: CiliumNetworkPolicy\n")],
                Events = [new RecordedEvent("load-test-policy.yaml was applied", TimeSpan.FromSeconds(Half))],
                Series = Series(),
                SeriesInterval = 1,
                SeriesMissed = 0,
            },
        };

    public static PhaseReport Phase(string name, double start, bool skewed, int perPod = (int)Rate * Half / 3)
    {
        var shares = ExpectedShares.Equal([.. Pods.Select(p => p.Name)]);
        var (delivery, selection) = (new DeliveryTest(shares), new SkewTest(shares));
        var latency = new Latencies();
        var pods = Pods.Select(
                (pod, i) =>
                {
                    var failing = skewed && i < 2;
                    for (var n = 0; n < perPod; n++)
                    {
                        delivery.Add(failing ? null : i, !failing);
                        selection.Add(i);
                        latency.Add(TimeSpan.FromMilliseconds(failing ? 1001 : 2));
                    }
                    return new PodPhase
                    {
                        Pod = pod,
                        OnClientNode = i == 2,
                        Ok = failing ? 0 : perPod,
                        HubbleRequests =
                            failing ? perPod
                            : skewed ? 2 * perPod
                            : perPod,
                        HubbleOk =
                            failing ? 0
                            : skewed ? 2 * perPod
                            : perPod,
                        HubbleServerErrors = failing ? perPod : 0,
                        Echo = failing ? 0 : perPod,
                        ClientProxyErrors = failing ? perPod : 0,
                    };
                }
            )
            .ToImmutableArray();
        var statuses = ImmutableSortedDictionary<int, long>.Empty.Add(200, skewed ? perPod : 3 * perPod);
        return new PhaseReport
        {
            Name = name,
            Seconds = Half,
            Requests = 3 * perPod,
            ByStatus = skewed ? statuses.Add(503, 2 * perPod) : statuses,
            Pods = pods,
            Selection = selection.Verdict(),
            SelectionSource = "client",
            Delivery = delivery.Evaluate(),
            Start = start,
            Latency = LatencySummary.Of(latency),
            HttpRules = (skewed, true),
        };
    }

    private static SkewStatus Status()
    {
        var monitor = new SkewMonitor(ExpectedShares.Equal([.. Pods.Select(p => p.Name)]));
        for (var n = 0; n < 1500; n++)
            monitor.Add(n % 3, TimeSpan.FromSeconds(n / 51.0));
        monitor.Record(new RecordedEvent("load-test-policy.yaml was applied", TimeSpan.FromSeconds(Half)));
        for (var n = 0; n < 200; n++)
            monitor.Add(2, TimeSpan.FromSeconds(Half + n / 17.0));
        return monitor.Status();
    }

    /// <summary>
    /// One sample a second: 17/s to each Pod, from 30 s on 34/s for the third in Hubble's view and 503s for the others.
    /// </summary>
    private static ImmutableArray<SeriesSample> Series()
    {
        var series = new TimeSeries();
        for (var second = 0; second <= 2 * Half; second++)
        {
            var (before, after) = (17.0 * Math.Min(second, Half), 17.0 * Math.Max(0, second - Half));
            var counters = ClusterCounters.Zero;
            foreach (var (pod, i) in Pods.Select((p, i) => (p, i)))
            {
                var ok = before + (i == 2 ? 2 * after : 0);
                counters = counters with
                {
                    Echo = counters.Echo.Add(pod.HubbleName, before + (i == 2 ? after : 0)),
                    Requests = counters.Requests.Add(
                        new HubbleKey("n", pod.HubbleName, 0),
                        before + (i == 2 ? 2 * after : after)
                    ),
                    Responses = counters.Responses.Add(new HubbleKey("n", pod.HubbleName, 200), ok),
                };
                if (i < 2 && after > 0)
                    counters = counters with
                    {
                        Responses = counters.Responses.Add(new HubbleKey("n", pod.HubbleName, 503), after),
                    };
            }
            series.Add(second, counters, Pods);
        }
        return series.Samples;
    }
}
