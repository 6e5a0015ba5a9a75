using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Bench.Prometheus;

/// <summary>
/// Holds the three queries, unchanged, against the lab's own counts in one phase. How the two can be compared to 1 %:
/// <list type="bullet">
/// <item>A query is evaluated at every second at which its minute lies inside the phase, and the mean is compared with
/// the mean of the lab's counts over the very same
/// minutes. A single evaluation of rate extrapolates from the first and last scrape to the ends of the minute; what it
/// gains or loses there
/// averages out.</item>
/// <item>The first seconds of a phase are left out: 503s come one to four seconds after their requests.</item>
/// <item>Shares and ratios take disjoint minutes that end with the phase. Their standard error counts a client port
/// that came several times as one choice, because conntrack
/// sends it to the same Pod every time.</item>
/// </list>
/// </summary>
/// <param name="name">Name of the phase.</param>
/// <param name="start">Its start, unix seconds.</param>
/// <param name="end">Its end, unix seconds.</param>
/// <param name="bothSides">Whether both policies apply.</param>
/// <param name="pods">The backends.</param>
/// <param name="clientNode">Node of the load test.</param>
/// <param name="prometheus">Prometheus.</param>
/// <param name="lab">The lab's own counts.</param>
internal sealed class PhaseCheck(
    string name,
    double start,
    double end,
    bool bothSides,
    IReadOnlyList<BackendPod> pods,
    string clientNode,
    PrometheusServer prometheus,
    RunCounts lab
)
{
    /// <summary>The queries of cilium/cilium#14268's graphs.</summary>
    private const string EchoQuery =
        """sum(rate(echo_requests{app="backend",version="v1"}[1m])) by (kubernetes_pod_name)""";
    private const string RequestsQuery =
        """sum(rate(hubble_http_requests_total{destination=~"backend/backend-1.*"}[1m])) by (hubble_destination_pod)""";
    private const string ResponsesQuery =
        """sum(rate(hubble_http_responses_total{source=~"backend/backend-1.*"}[1m])) by (hubble_source_pod, status)""";

    /// <summary>Left out at the start of a phase, s.</summary>
    private const double Margin = 5;

    private const double CountLimit = 0.01;
    private const double RatioLimit = 0.02;
    private const double ShareLimitStandardErrors = 4;

    /// <summary>A rate of nothing: what may be seen where nothing is expected, requests/s.</summary>
    private const double NothingPerSecond = 0.1;

    private readonly double[] _instants =
    [
        .. Enumerable
            .Range(0, (int)(end - start - Margin - 60) + 1)
            .Select(i => Math.Floor(end) - i)
            .Where(t => t - 60 >= start + Margin)
            .Order(),
    ];
    private readonly List<CheckedNumber> _numbers = [];

    /// <summary>The queries, as they are evaluated.</summary>
    public static IReadOnlyList<string> Queries => [EchoQuery, RequestsQuery, ResponsesQuery];

    /// <summary>Evaluates everything.</summary>
    public async Task<IReadOnlyList<CheckedNumber>> RunAsync(CancellationToken cancellationToken)
    {
        var echo = await EvaluateAsync(EchoQuery, cancellationToken);
        var requests = await EvaluateAsync(RequestsQuery, cancellationToken);
        var responses = await EvaluateAsync(ResponsesQuery, cancellationToken);
        Counts(echo, requests, responses);
        Ratios(echo, requests, responses);
        return _numbers;
    }

    /// <summary>
    /// Local Pods answer through two proxies; with both policies, remote Pods get one attempt, which ends in a 503.
    /// </summary>
    private void Counts(Evaluated echo, Evaluated requests, Evaluated responses)
    {
        foreach (var pod in pods)
        {
            var local = pod.Node == clientNode;
            var title = $"{Short(pod)}{(local ? " (client's node)" : "")}";
            bool Answered(RecordLine r) => r.Pod == pod.Name && r.Status == 200;
            double HubbleAsked(ClusterCounters c) => c.RequestsTo(pod.HubbleName);
            var answered = lab.ClientRate(_instants, r => r.End, Answered);
            var passes = bothSides && local ? 2 : 1;
            if (bothSides && !local)
            {
                Add($"echo {title}", Mean(echo, pod.Name), 0, NothingPerSecond, DeviationUnit.Absolute, "client");
                Add(
                    $"Hubble requests {title}",
                    Mean(requests, pod.Name),
                    lab.CounterRate(_instants, HubbleAsked),
                    CountLimit,
                    DeviationUnit.Relative,
                    "lab's Hubble"
                );
                Add(
                    $"Hubble 200 {title}",
                    Mean(responses, pod.Name, "200"),
                    0,
                    NothingPerSecond,
                    DeviationUnit.Absolute,
                    "client"
                );
                Add(
                    $"Hubble 503 {title}",
                    Mean(responses, pod.Name, "503"),
                    lab.CounterRate(_instants, c => c.ResponsesOf(pod.HubbleName, s => s == 503)),
                    CountLimit,
                    DeviationUnit.Relative,
                    "lab's Hubble"
                );
                continue;
            }
            Add($"echo {title}", Mean(echo, pod.Name), answered, CountLimit, DeviationUnit.Relative, "client");
            Add(
                $"Hubble requests {title}",
                Mean(requests, pod.Name),
                passes * lab.ClientRate(_instants, r => r.Start, Answered),
                CountLimit,
                DeviationUnit.Relative,
                $"{passes} × client"
            );
            Add(
                $"Hubble 200 {title}",
                Mean(responses, pod.Name, "200"),
                passes * answered,
                CountLimit,
                DeviationUnit.Relative,
                $"{passes} × client"
            );
            Add(
                $"Hubble 503 {title}",
                Mean(responses, pod.Name, "503"),
                0,
                NothingPerSecond,
                DeviationUnit.Absolute,
                "client"
            );
        }
        if (!bothSides)
            return;
        var remote = pods.Where(p => p.Node != clientNode).ToList();
        Add(
            "Hubble requests, all remote pods",
            remote.Sum(p => Mean(requests, p.Name)),
            lab.ClientRate(_instants, r => r.Start, r => r.Status == 503),
            CountLimit,
            DeviationUnit.Relative,
            "client's 503s"
        );
        Add(
            "Hubble 503, all remote pods",
            remote.Sum(p => Mean(responses, p.Name, "503")),
            lab.ClientRate(_instants, r => r.End, r => r.Status == 503),
            CountLimit,
            DeviationUnit.Relative,
            "client's 503s"
        );
    }

    private void Ratios(Evaluated echo, Evaluated requests, Evaluated responses)
    {
        // Where each request was sent: to the Pod that answered, or that a proxy answered for.
        var sent = pods.ToDictionary(p => p, p => Disjoint(echo, p.Name) + Disjoint(responses, p.Name, "503"));
        var (total, instants, third) = (sent.Values.Sum(), DisjointInstants(), 1.0 / pods.Count);
        // Of a share of 1/3 as of one of 2/3.
        var standardError = Math.Sqrt(third * (1 - third) / lab.IndependentChoices(instants[0] - 60, instants[^1]));
        foreach (var pod in pods)
            _numbers.Add(
                new CheckedNumber(
                    name,
                    $"share sent to the pod {Short(pod)}",
                    sent[pod] / total,
                    third,
                    ShareLimitStandardErrors,
                    DeviationUnit.StandardErrors,
                    "1/3"
                )
                {
                    StandardError = standardError,
                }
            );
        foreach (var pod in pods.Where(p => !bothSides || p.Node == clientNode))
            Add(
                $"Hubble requests / echo {Short(pod)}",
                Disjoint(requests, pod.Name) / Disjoint(echo, pod.Name),
                bothSides ? 2 : 1,
                RatioLimit,
                DeviationUnit.Relative,
                bothSides ? "2:1" : "1:1"
            );
        if (!bothSides)
            return;
        var share = pods.Sum(p => Disjoint(responses, p.Name, "503")) / total;
        Add("503 share of all requests", share, 2.0 / 3, RatioLimit, DeviationUnit.Relative, "2/3");
        _numbers.Add(
            new CheckedNumber(
                name,
                "503 share of all requests",
                share,
                2.0 / 3,
                ShareLimitStandardErrors,
                DeviationUnit.StandardErrors,
                "2/3"
            )
            {
                StandardError = standardError,
            }
        );
    }

    private void Add(string what, double measured, double expected, double limit, DeviationUnit unit, string source) =>
        _numbers.Add(new CheckedNumber(name, what, measured, expected, limit, unit, source));

    /// <summary>A query's values by Pod and status.</summary>
    private sealed record Evaluated(
        IReadOnlyDictionary<(string Pod, string Status), IReadOnlyDictionary<double, double>> Values
    );

    private async Task<Evaluated> EvaluateAsync(string query, CancellationToken cancellationToken)
    {
        var series = await prometheus.RangeAsync(query, _instants[0], _instants[^1], cancellationToken);
        return new Evaluated(
            series.ToDictionary(
                s =>
                    (
                        s.Labels.FirstOrDefault(l =>
                            l.Key is "kubernetes_pod_name" or "hubble_destination_pod" or "hubble_source_pod"
                        ).Value
                            ?? "",
                        s.Labels.GetValueOrDefault("status", "")
                    ),
                IReadOnlyDictionary<double, double> (s) => s.Points.ToDictionary(p => p.At, p => p.Value)
            )
        );
    }

    private double Mean(Evaluated of, string pod, string status = "") =>
        _instants.Average(t => Value(of, pod, status, t));

    private double Disjoint(Evaluated of, string pod, string status = "") =>
        DisjointInstants().Average(t => Value(of, pod, status, t));

    private static double Value(Evaluated of, string pod, string status, double at) =>
        of.Values.TryGetValue((pod, status), out var values) && values.TryGetValue(at, out var value) ? value : 0;

    private List<double> DisjointInstants() => [.. _instants.Where(t => (_instants[^1] - t) % 60 == 0)];

    private static string Short(BackendPod pod) => "on " + pod.Node;
}
