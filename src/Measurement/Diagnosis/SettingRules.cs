using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using static CiliumDebugging.Measurement.Diagnosis.Shares;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>kubernetes#43958: with <c>sessionAffinity: ClientIP</c> all connections of one address go to one Pod, for
/// 10800 s by default.</summary>
public sealed class SessionAffinityRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        if (
            !evidence.Service.ClientIpAffinity
            || evidence.Connections is not { } connections
            || connections.Opened < Enough
            || phase.Pods.Length < 2
            || !AllSucceed(phase)
        )
            return null;
        var chosen = phase.Pods.Where(p => Answers(p) > 0).ToList();
        // The Pod that is left may be the only one other settings allow, too; then several rules fit.
        if (chosen.Count != 1)
            return null;
        return Named(
            "session-affinity",
            "The Service keeps each client address on one pod (sessionAffinity: ClientIP): all "
                + $"{connections.Opened} connections of this client went to {chosen[0].Pod.Name}.",
            "Service load balancing at the client's node",
            [$"{connections.Opened} separate connections, one pod", "the Service's spec has sessionAffinity: ClientIP"],
            [
                "a connection of the same client address to another pod within the affinity's time-out",
                "the same picture with sessionAffinity: None",
            ],
            [
                "sessionAffinity: None where the application does not need it",
                "a shorter sessionAffinityConfig.clientIP.timeoutSeconds (default 10800)",
                "clients that do not share one address (no NAT in front of the Service)",
            ],
            "https://github.com/kubernetes/kubernetes/issues/43958",
            "https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity"
        );
    }
}

/// <summary>
/// A traffic policy <c>Local</c>: traffic stays on the node that translates the Service's address. External load
/// balancers spread over nodes, not Pods (kubernetes#97147, AKS#4905). A node without a Pod is the case of
/// <see cref="NoLocalEndpointRule"/>.
/// </summary>
public sealed class LocalTrafficPolicyRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        if (LocalTraffic.Of(evidence) is { } traffic)
            return traffic.Local.IsEmpty ? null : OnNode(evidence, traffic);
        return evidence.Service is { FromOutside: true, ExternalLocal: true } && evidence.EntryNode is null
            ? External(evidence)
            : null;
    }

    private static DiagnosisResult? OnNode(Evidence evidence, LocalTraffic traffic)
    {
        var (phase, (field, node, local, others, strays)) = (evidence.Phase, traffic);
        if (
            others.IsEmpty
            || !AllSucceed(phase)
            || local.Any(p => Answers(p) == 0)
            || AreSkewed(local, Answers)
            || (strays == 0 && others.Any(p => p.Echo > 0))
        )
            return null;
        return Named(
            "local-traffic-policy",
            $"The Service keeps traffic on the node ({field}: Local): only {Names(local)} on {node} "
                + $"{(local.Length == 1 ? "gets" : "get")} load from there{traffic.Remainder(phase)}.",
            $"Service load balancing on {node}",
            [
                $"the Service's spec has {field}: Local",
                $"{phase.Requests - strays} of {phase.Requests} requests, none or few to the {others.Length} pod(s) "
                    + "on other nodes",
            ],
            [
                $"requests through {node} from new client ports that a pod on another node answers",
                $"the same picture with {field}: Cluster",
            ],
            [$"{field}: Cluster", "as many clients on each node as it has pods"],
            LocalTraffic.Documentation,
            "https://github.com/kubernetes/kubernetes/issues/97147"
        );
    }

    private static DiagnosisResult? External(Evidence evidence)
    {
        var phase = evidence.Phase;
        if (!AllSucceed(phase) || !IsSkewed(phase))
            return null;
        var perNode = phase.Pods.CountBy(p => p.Pod.Node).ToDictionary(StringComparer.Ordinal);
        var byNode = Evaluate(phase.Pods, Answers, p => 1.0 / perNode[p.Pod.Node]);
        if (perNode.Values.Distinct().Count() < 2 || byNode.Kind is not VerdictKind.Even)
            return null;
        return Named(
            "local-traffic-policy",
            $"Traffic from outside is spread over the {perNode.Count} nodes that have pods and stays there "
                + "(externalTrafficPolicy: Local): a pod that shares its node gets less.",
            "the load balancer in front of the nodes",
            [
                "every node gets the same share, divided by its pods",
                "the Service's spec has externalTrafficPolicy: Local",
            ],
            ["nodes with different totals", "the same picture with externalTrafficPolicy: Cluster"],
            [
                "externalTrafficPolicy: Cluster, if the client's address is not needed",
                "topologySpreadConstraints, so that every node has as many pods",
                "a load balancer that weights nodes by their pods",
            ],
            "https://github.com/kubernetes/kubernetes/issues/97147",
            "https://github.com/Azure/AKS/issues/4905"
        );
    }
}

/// <summary>Topology-aware routing: traffic stays in the client's zone.</summary>
public sealed class ZoneRoutingRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        var hinted = evidence.Endpoints.Values.Any(e => !e.HintedZones.IsEmpty);
        if (evidence.ClientZone is not { } zone || !(hinted || evidence.Service.PrefersZone) || !AllSucceed(phase))
            return null;
        bool Known(PodPhase pod) =>
            evidence.Endpoints.GetValueOrDefault(pod.Pod.HubbleName) is { } e
            && (hinted ? !e.HintedZones.IsEmpty : e.Zone is not null);
        bool Near(PodPhase pod) =>
            evidence.Endpoints[pod.Pod.HubbleName] is var e && (hinted ? e.HintedZones.Contains(zone) : e.Zone == zone);
        if (!phase.Pods.All(Known) || !OnlyThese(phase, Near))
            return null;
        var near = phase.Pods.Where(Near).ToList();
        return Named(
            "zone-routing",
            $"The Service keeps traffic in the client's zone {zone}: {near.Count} of {phase.Pods.Length} pods "
                + (near.Count == 1 ? "gets all of it" : "get all of it, evenly")
                + "; a zone's pods carry what its clients send.",
            "Service load balancing at the client's node",
            [
                $"{phase.Requests} requests, none to the pods of other zones",
                hinted
                    ? "the EndpointSlices carry zone hints"
                    : "the Service asks for pods near the client (trafficDistribution)",
            ],
            [
                "a request from this zone that reaches a pod meant for another one",
                "the same picture without hints and trafficDistribution",
            ],
            [
                "pods per zone in proportion to the zone's clients",
                "no trafficDistribution / service.kubernetes.io/topology-mode: Disabled",
                "clients in every zone",
            ],
            "https://kubernetes.io/docs/concepts/services-networking/topology-aware-routing/",
            "https://github.com/cilium/cilium/issues/48259"
        );
    }
}

/// <summary>A Pod that is not ready gets nothing; the others share its part.</summary>
public sealed class UnreadyPodRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        var unready = evidence
            .Endpoints.Where(e => !e.Value.Ready)
            .Select(e => e.Key)
            .Order(StringComparer.Ordinal)
            .ToList();
        var ready = phase.Pods.Where(p => !unready.Contains(p.Pod.HubbleName)).ToList();
        if (
            unready.Count == 0
            || ready.Count == 0
            || !AllSucceed(phase)
            || phase.Requests < Enough
            || phase.Pods.Except(ready).Any(p => Answers(p) > 0)
            || SlowPodRule.SlowPod(phase) is not null
            || AreSkewed(ready, Answers)
        )
            return null;
        return Named(
            "unready-pod",
            $"{Names(unready)} {(unready.Count == 1 ? "is not ready and gets" : "are not ready and get")} no load; "
                + (
                    ready.Count == 1
                        ? "the other pod gets all of it."
                        : $"the other {ready.Count} pods share it without skew."
                ),
            "the Service's EndpointSlices",
            ["the EndpointSlice has the pod with ready: false", $"{phase.Requests} requests, none to it"],
            ["a request that reaches the pod while it is not ready", "no change after it becomes ready"],
            [
                "kubectl describe pod: why the readiness probe fails",
                "a readiness probe that tells the application's state apart from its dependencies'",
            ],
            "https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions"
        );
    }
}
