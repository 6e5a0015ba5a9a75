using System.Collections.Immutable;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Compares what the client, the proxies and the backends counted of a whole, drained run. Every difference is shown.
/// </summary>
internal sealed class ReconciliationTable
{
    private readonly RunLedger _ledger;
    private readonly ClusterCounters _counted;
    private readonly ImmutableArray<ReconciliationLine>.Builder _lines =
        ImmutableArray.CreateBuilder<ReconciliationLine>();

    private ReconciliationTable(RunLedger ledger, ClusterCounters counted) => (_ledger, _counted) = (ledger, counted);

    public static ImmutableArray<ReconciliationLine> Build(
        RunLedger ledger,
        AttackState attack,
        ClusterCounters counted,
        IReadOnlyCollection<BackendPod> pods,
        string clientNode,
        bool allL7
    )
    {
        var table = new ReconciliationTable(ledger, counted);
        table.AddClient(attack);
        table.AddBackends(pods);
        table.AddProxies();
        if (allL7 && counted.Repeated == 0)
            table.AddSecondPasses(clientNode);
        return table._lines.ToImmutable();
    }

    /// <summary>
    /// Whether every request passed the backend side's proxy. Policies are read for phases; they are unknown in a change
    /// after the last phase, and in one with several events.
    /// </summary>
    public static bool PassedProxies(ScenarioRun run, ImmutableArray<PhaseReport> phases)
    {
        int Events(PhaseReport change) => run.Ledger.EventsIn(change.Start, change.Start + change.Seconds).Count;
        return run.Measured.Count > 0
            && run.Measured.All(m => m.Policies.Ingress)
            && phases.All(p => p.IsEvaluated || p.Requests == 0 || Events(p) <= (p == phases[^1] ? 0 : 1));
    }

    /// <summary>Every request of a run that is over belongs to one phase.</summary>
    public static ReconciliationLine Phases(AttackState attack, RequestTotals phases) =>
        new("requests intended = sum over phases", "intended", attack.Intended, "phases", phases.Intended)
        {
            Explanation = "Every request belongs to one phase; a change between two phases is one, too.",
        };

    /// <summary>A line with Hubble's counts: a node whose Hubble could not be read explains every difference.</summary>
    private void AddHubble(string what, (string, double) left, (string, double) right, string why)
    {
        var nodes = string.Join(", ", _counted.MissingNodes);
        var missing = $"Hubble of {nodes} could not be read, or was restarted: its counts are missing here. ";
        Add(what, left, right, nodes.Length == 0 ? why : missing + why);
    }

    private void Add(string what, (string Name, double Count) left, (string Name, double Count) right, string why) =>
        _lines.Add(new(what, left.Name, left.Count, right.Name, right.Count) { Explanation = why });

    private void AddClient(AttackState attack)
    {
        Add(
            "requests intended, and records received",
            ("client", attack.Intended),
            ("records", _ledger.Resolved),
            "Every intended request ends in exactly one record; fewer records are requests still in flight."
        );
        Add(
            "requests intended = sent + not sent",
            ("intended", attack.Intended),
            ("sent + not sent", attack.Sent + attack.NotSent),
            "A request that was not sent is counted, too."
        );
    }

    private void AddBackends(IReadOnlyCollection<BackendPod> pods)
    {
        // A repeated attempt reaches a Pod, but no client gets its response. Proxies count them for all Pods together.
        if (_counted.Repeated > 0)
        {
            Add(
                "requests that reached a pod",
                ("answers that name one + attempts repeated", _ledger.ResponsesOfPods + _counted.Repeated),
                ("echo_requests", _counted.Echo.Values.Sum()),
                "Each 5xx that a proxy threw away to repeat the request is a request at a pod that no client sees."
            );
            return;
        }
        var okByPod = _ledger.OkByPod;
        foreach (var pod in pods.Where(p => _counted.Echo.ContainsKey(p.HubbleName)))
            Add(
                $"requests that reached {pod.Name}",
                ("client's successes", okByPod.GetValueOrDefault(pod.Name)),
                ("echo_requests", _counted.Echo[pod.HubbleName]),
                "More at the backend: attempts that a proxy repeated, or answers lost on the way back. "
                    + "Fewer: responses attributed to this pod that came from something else."
            );
    }

    private void AddProxies()
    {
        var withoutPod = _ledger.StatusWithoutPod;
        AddHubble(
            "503s that a proxy made",
            ("client, no pod named", withoutPod.GetValueOrDefault(503)),
            ("Hubble 503", Responses(status => status == 503)),
            "A proxy's own 503 names no pod and passes one proxy, so Hubble counts it once."
        );
        // Since Cilium 1.13 Hubble counts a response for a denied request, too.
        var (requests, responses) = (_counted.Requests.Values.Sum(), Responses(_ => true));
        var denied = requests == responses ? 0 : withoutPod.GetValueOrDefault(403);
        AddHubble(
            "Hubble requests = responses + denied (403)",
            ("requests", requests),
            ("responses + 403", responses + denied),
            "Every proxy pass counts a request and a response; before Cilium 1.13 a denied request counts no response. "
                + "More requests: some are in flight."
        );
    }

    /// <summary>
    /// Every request passes the backend side's proxy once. A request or response flow at the client's side is one half
    /// of a second pass.
    /// </summary>
    private void AddSecondPasses(string clientNode)
    {
        // The counter of a deleted Pod is lost: the client's count of its successes takes its place.
        var counting = _counted
            .Echo.Keys.Select(name => name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..])
            .ToHashSet(StringComparer.Ordinal);
        var gone = _ledger.OkOfForgotten + _ledger.OkByPod.Where(ok => !counting.Contains(ok.Key)).Sum(ok => ok.Value);
        var clientPasses = _counted.EgressFlows.Values.Sum() / 2;
        var clientSide503 = _counted
            .Responses.Where(r => r.Key.Node == clientNode && r.Key.Status == 503)
            .Sum(r => r.Value);
        AddHubble(
            "Hubble successes = backend requests + second passes through the client's proxy",
            ("backends + second passes", _counted.Echo.Values.Sum() + gone + clientPasses - clientSide503),
            ("Hubble successes", Responses(ResponseStatus.IsSuccess)),
            "A request that crosses two proxies is counted twice; the second passes are the client side's flows less "
                + "the 503s made there."
                + (gone > 0 ? $" Of pods that are gone, the client's {gone} successes are counted." : "")
        );
    }

    private double Responses(Func<int, bool> status) =>
        _counted.Responses.Where(r => status(r.Key.Status)).Sum(r => r.Value);
}
