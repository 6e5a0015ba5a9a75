using System.Collections.Immutable;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>The mechanism behind what Hubble counted: every client node's traffic is looked at on its own, then all of
/// them together.</summary>
internal static class ObservedDiagnosis
{
    /// <summary>Fewer requests from a node than this say nothing.</summary>
    private const double Enough = 20;

    public static DiagnosisResult Of(ServiceObserver observer, ServiceTraffic traffic, PhaseReport phase)
    {
        var service = observer.Service;
        var clients = traffic
            .Clients.Where(c => c.Chosen.Sum() >= Enough && service.WeightsFrom(c.Node) is not null)
            .ToList();
        if (clients.Count == 0)
            return DiagnosisResult.Unknown("too few requests were seen");
        var rows = clients
            .Select(c => new ClientNodeFacts(
                c.Node ?? "",
                service
                    .Endpoints.Select((e, i) => (e.Pod.Name, Count: (long)Math.Round(c.Ok[i] + c.Failed[i])))
                    .Where(p => p.Count > 0)
                    .ToImmutableDictionary(p => p.Name, p => p.Count),
                (long)Math.Round(c.Failed.Sum() + c.ProxyErrors.Sum())
            ))
            .ToImmutableArray();
        var found = clients.ConvertAll(c =>
        {
            var own = Only(phase, c, clients.Count == 1, service);
            return (
                c.Place,
                Result: Diagnostician.Diagnose(EvidenceOf(observer, own, c, clients.Count > 1 ? rows : []))
            );
        });
        var named = found.Where(f => f.Result.IsMechanism).ToList();
        if (named.Count == 0)
            return found
                .MaxBy(f => Array.IndexOf(["even", DiagnosisResult.UndecidedName, "unknown"], f.Result.Name))
                .Result;
        if (named.All(f => f.Result.Name == named[0].Result.Name) && found.All(f => f.Result.Name != "unknown"))
            return named[0].Result;
        var byNode = found.Select(f => $"{f.Place}: {f.Result.Name}");
        return DiagnosisResult.Unknown($"the counts of different client nodes differ ({string.Join(", ", byNode)})");
    }

    private static Evidence EvidenceOf(
        ServiceObserver observer,
        PhaseReport phase,
        ClientTraffic client,
        ImmutableArray<ClientNodeFacts> rows
    )
    {
        var service = observer.Service;
        var atClient = service
            .Endpoints.Select((e, i) => (e.Pod.HubbleName, Errors: client.ProxyErrors[i]))
            .Where(e => e.Errors > 0)
            .ToImmutableDictionary(e => e.HubbleName, e => e.Errors);
        var missing = observer
            .Hubble.Differences.Targets.Where(t => t.Value.Reads < QualityGate.MinCoverage * t.Value.Attempts)
            .Select(t => t.Key.Name)
            .ToImmutableArray();
        return new Evidence
        {
            Phase = phase,
            ClientNode = client.Node ?? "",
            ProxyFailuresByPod = atClient,
            ClientHasEgressL7 = client.Rules.Egress,
            BackendsHaveIngressL7 = client.Rules.Ingress,
            CiliumVersion = service.Cluster.CiliumVersion,
            IsEmulated = service.Cluster.IsEmulated,
            Settings = service.Settings,
            Service = service.Facts with { FromOutside = client.Node is "" },
            Endpoints = service.Endpoints.ToImmutableDictionary(e => e.Pod.HubbleName, e => e.Facts),
            ClientZone = service.NodeZones.GetValueOrDefault(client.Node ?? ""),
            ClientNodes = rows,
            NodesWithoutHubble = missing,
        };
    }

    /// <summary>The phase as the clients of one node have it. What reached a Pod is known from its own counter only
    /// where there are no other clients.</summary>
    private static PhaseReport Only(PhaseReport phase, ClientTraffic client, bool alone, ObservedService service)
    {
        var expected = ExpectedShares.Weighted(
            [.. service.Endpoints.Select(e => e.Pod.Name)],
            service.WeightsFrom(client.Node)!.Value
        );
        var counts = new BackendCounts([.. client.Chosen.Select(c => (long)Math.Round(c))], 0);
        var answers = new BackendCounts([.. client.Ok.Select(c => (long)Math.Round(c))], 0);
        return ObservedPhase.WithAnswers(phase, client) with
        {
            Pods =
            [
                .. phase.Pods.Select(
                    (p, i) =>
                        p with
                        {
                            OnClientNode = p.Pod.Node == client.Node,
                            Ok = answers.PerBackend[i],
                            Failed = (long)Math.Round(client.Failed[i]),
                            ClientProxyErrors = client.ProxyErrors[i],
                            Echo = alone && p.Echo > 0 ? p.Echo : client.Ok[i] + client.Failed[i],
                        }
                ),
            ],
            Selection = alone
                ? phase.Selection
                : SkewTest.Evaluate(expected, counts, unit: SelectionUnit.HubbleRequest),
            Delivery = alone
                ? phase.Delivery
                : phase.Delivery with
                {
                    Successes = SkewTest.Evaluate(expected, answers, unit: SelectionUnit.HubbleRequest),
                },
        };
    }
}
