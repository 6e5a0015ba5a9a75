using System.Collections.Immutable;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Running;

/// <summary>Holds the client's, the proxies' and the backends' counts of a whole, drained run against each other. Every difference is shown.</summary>
internal static class ReconciliationTable
{
    public static ImmutableArray<ReconciliationLine> Build(
        RunLedger ledger,
        AttackState attack,
        ClusterCounters counted,
        IReadOnlyCollection<BackendPod> pods,
        string clientNode,
        bool allL7
    )
    {
        var (okByPod, withoutPod) = (ledger.OkByPod, ledger.StatusWithoutPod);
        var lines = ImmutableArray.CreateBuilder<ReconciliationLine>();
        lines.Add(
            new("requests intended, and records received", "client", attack.Intended, "records", ledger.Resolved)
            {
                Explanation =
                    "Every intended request ends in exactly one record; fewer records are requests still in flight.",
            }
        );
        lines.Add(
            new(
                "requests intended = sent + not sent",
                "intended",
                attack.Intended,
                "sent + not sent",
                attack.Sent + attack.NotSent
            )
            {
                Explanation = "A request that was not sent is counted, too.",
            }
        );
        // What a proxy repeats reaches a Pod and is nobody's answer; the proxies count it for all Pods together.
        if (counted.Repeated > 0)
            lines.Add(
                new(
                    "requests that reached a pod",
                    "answers that name one + attempts repeated",
                    ledger.ResponsesOfPods + counted.Repeated,
                    "echo_requests",
                    counted.Echo.Values.Sum()
                )
                {
                    Explanation =
                        "Each 5xx that a proxy threw away to repeat the request is a request at a pod that no client sees.",
                }
            );
        foreach (var pod in counted.Repeated > 0 ? [] : pods.Where(p => counted.Echo.ContainsKey(p.HubbleName)))
            lines.Add(
                new(
                    $"requests that reached {pod.Name}",
                    "client 2xx",
                    okByPod.GetValueOrDefault(pod.Name),
                    "echo_requests",
                    counted.Echo.GetValueOrDefault(pod.HubbleName)
                )
                {
                    Explanation =
                        "More at the backend: attempts that a proxy repeated, or answers lost on the way back. Fewer: answers that something else gave in its name.",
                }
            );
        double Responses(Func<int, bool> status) =>
            counted.Responses.Where(r => status(r.Key.Status)).Sum(r => r.Value);
        lines.Add(
            new(
                "503s that a proxy made",
                "client, no pod named",
                withoutPod.GetValueOrDefault(503),
                "Hubble 503",
                Responses(s => s == 503)
            )
            {
                Explanation = "A proxy's own 503 names no pod and passes one proxy, so Hubble counts it once.",
            }
        );
        lines.Add(
            new(
                "Hubble requests = responses + denied (403)",
                "requests",
                counted.Requests.Values.Sum(),
                "responses + 403",
                Responses(_ => true) + withoutPod.GetValueOrDefault(403)
            )
            {
                Explanation =
                    "Every proxy pass counts a request and, unless it was denied, a response. More requests: some are in flight.",
            }
        );
        if (!allL7 || counted.Repeated > 0)
            return Explained(lines, counted);
        // A Pod that was deleted took its counter with it: what the client has of it stands in its place.
        var counting = counted
            .Echo.Keys.Select(hubbleName => hubbleName[(hubbleName.IndexOf('/', StringComparison.Ordinal) + 1)..])
            .ToHashSet(StringComparer.Ordinal);
        var gone = okByPod.Where(ok => !counting.Contains(ok.Key)).Sum(ok => ok.Value);
        // Every request passes the backend side's proxy once; a request or response flow at the client's side is one half of a second pass.
        var clientPasses = counted.EgressFlows.Values.Sum() / 2;
        var clientSide503 = counted
            .Responses.Where(r => r.Key.Node == clientNode && r.Key.Status == 503)
            .Sum(r => r.Value);
        lines.Add(
            new(
                "Hubble 2xx = backend requests + second passes through the client's proxy",
                "backends + second passes",
                counted.Echo.Values.Sum() + gone + clientPasses - clientSide503,
                "Hubble 2xx",
                Responses(s => s is >= 200 and < 300)
            )
            {
                Explanation =
                    $"A request that crosses two proxies is counted twice; the second passes are the client side's flows less the 503s made there.{(gone > 0 ? $" Of pods that are gone, the client's {gone} 2xx are counted." : "")}",
            }
        );
        return Explained(lines, counted);
    }

    /// <summary>A node whose Hubble could not be read explains every difference of Hubble's counts.</summary>
    private static ImmutableArray<ReconciliationLine> Explained(
        ImmutableArray<ReconciliationLine>.Builder lines,
        ClusterCounters counted
    ) =>
        counted.MissingNodes.IsEmpty
            ? lines.ToImmutable()
            :
            [
                .. lines.Select(line =>
                    line.Right.Contains("Hubble", StringComparison.Ordinal)
                    || line.What.Contains("Hubble", StringComparison.Ordinal)
                        ? line with
                        {
                            Explanation =
                                $"Hubble of {string.Join(", ", counted.MissingNodes)} could not be read, or was restarted: its counts are missing here. {line.Explanation}",
                        }
                        : line
                ),
            ];
}
