using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;
using CiliumDebugging.Statistics;
using static CiliumDebugging.Measurement.Diagnosis.Shares;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>kubernetes#38456: a Service balances connections; requests on few long-lived ones go where those
/// went. The same with HTTP/2 has a name of its own, because its remedies differ.</summary>
public sealed class KeepAlivePinningRule : IDiagnosisRule
{
    /// <summary>Fewer requests on a connection than this, and connections do not explain the skew.</summary>
    private const int LongLived = 10;

    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        if (
            evidence.Connections is not { } connections
            || connections.Opened == 0
            || connections.SeveralPods > 0
            || !AllSucceed(phase)
            || !RequestsAreSkewed(phase)
        )
            return null;
        // Connections that carry different loads have another reason to be uneven (a slow Pod answers less often).
        if (
            connections.FewestRequests < LongLived
            || connections.MaxRequests > connections.FewestRequests * 1.2 + 1
            || evidence.Service.ClientIpAffinity
            || SlowPodRule.SlowPod(phase) is not null
        )
            return null;
        long On(PodPhase pod) => connections.ByPod.GetValueOrDefault(pod.Pod.Name);
        // The connections themselves were chosen fairly, as far as so few can show.
        if (phase.Pods.Sum(On) != connections.Opened || AreSkewed(phase.Pods, On))
            return null;
        var without = phase.Pods.Where(p => On(p) == 0).Select(p => p.Pod.Name).ToList();
        if (without.Count > 0 && connections.Opened >= LongLived * phase.Pods.Length)
            return null;
        var young = Young(evidence);
        var missed = phase
            .Pods.Where(p => young.Contains(p.Pod.Name) && 2 * On(p) * phase.Pods.Length < connections.Opened)
            .Select(p => p.Pod.Name)
            .ToList();
        var none = without.Count > 0 ? $"; {Names(without)} got none of them" : "";
        if (missed.Count > 0)
            none += missed.SequenceEqual(without)
                ? ", created when most were already open"
                : $"; {Names(missed)} was created when most were already open";
        return connections.AreHttp2
            ? Http2(phase.Requests, connections.Opened, none)
            : Named(
                "keepalive-pinning",
                $"{phase.Requests} requests went over {connections.Opened} kept-alive connection(s), each to one "
                    + $"pod{none}: a Service balances connections, not requests.",
                "the client's connection pool",
                [
                    $"{(double)phase.Requests / connections.Opened:0} requests per connection, every connection "
                        + "answered by one pod",
                    "all connections carry about the same load",
                ],
                ["two pods that answer on one connection", "the same shares with a fresh connection for each request"],
                [
                    "balance requests: an L7 proxy, gRPC client-side balancing with a headless Service",
                    "limit a connection's life (SocketsHttpHandler.PooledConnectionLifetime, max_connection_age, "
                        + "keepalive_requests)",
                    "more connections than pods, by far",
                ],
                "https://github.com/kubernetes/kubernetes/issues/38456",
                "https://learn.microsoft.com/dotnet/fundamentals/networking/http/httpclient-guidelines"
            );
    }

    /// <summary>knative/serving#6681, linkerd/linkerd2#3089: clients of HTTP/2, gRPC above all, open few connections
    /// however much they send, so that a larger pool is not the remedy.</summary>
    private static DiagnosisResult Http2(long requests, long opened, string none) =>
        Named(
            "http2-pinning",
            $"{requests} requests were streams of {opened} HTTP/2 connection(s), all streams of a connection to one "
                + $"pod{none}: a Service balances connections, not requests.",
            "the client's HTTP/2 connections",
            [
                $"{(double)requests / opened:0} requests per connection, every connection answered by one pod",
                "all connections carry about the same load",
            ],
            [
                "two pods that answer on one connection: something behind it balances requests",
                "the same shares with a fresh connection for each request",
            ],
            [
                "client-side load balancing: a headless Service and a connection to each pod (gRPC: dns:/// and "
                    + "round_robin)",
                "an L7 proxy that balances requests: a service mesh, a Gateway, or service.cilium.io/lb-l7: enabled "
                    + "(beta); HTTP rules of a policy do not",
                "limit a connection's age, so that clients choose again (gRPC server: MAX_CONNECTION_AGE, which sends "
                    + "GOAWAY; .NET client: PooledConnectionLifetime)",
            ],
            "https://kubernetes.io/blog/2018/11/07/grpc-load-balancing-on-kubernetes-without-tears/",
            "https://docs.cilium.io/en/stable/network/servicemesh/envoy-load-balancing/",
            "https://github.com/knative/serving/issues/6681"
        );
}

/// <summary>
/// cilium/cilium#14250: without socket load balancing, connections from a port that was used before repeat the old
/// choice, so that a new Pod gets too little. Where the release chooses again for a connection that was closed
/// (<see cref="ReleaseChanges.ReopenSelects"/>), they do so because the node saw neither FIN nor RST of the old
/// connections: a silent close.
/// </summary>
public sealed class StaleConntrackRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        if (
            evidence.Connections is not { } connections
            || connections.MaxRequests > 1
            || !AllSucceed(phase)
            || SocketBalanced(evidence)
        )
            return null;
        var young = Young(evidence);
        var old = phase.Pods.Where(p => !young.Contains(p.Pod.Name)).ToList();
        if (young.Count == 0 || old.Count == 0)
            return null;
        long OnOld(PodPhase pod) => connections.OnOldPorts.GetValueOrDefault(pod.Pod.Name);
        var onOld = Evaluate(phase.Pods, OnOld);
        var newPortsAreSkewed = AreSkewed(phase.Pods, p => connections.OnNewPorts.GetValueOrDefault(p.Pod.Name));
        // Every young Pod is short on used ports, by more than the interval allows; the old ones share the rest evenly.
        if (
            onOld.Kind is not VerdictKind.Skewed
            || newPortsAreSkewed
            || onOld.Shares.Any(s => young.Contains(s.Backend) && s.Share.Upper >= s.Expected)
            || AreSkewed(old, OnOld)
        )
            return null;
        // That the Pod is not merely slow to be chosen, or unknown there: it has enough from unused ports, or used
        // ports keep to one of several other Pods.
        var fromUnused = connections.OnNewPorts.Where(c => young.Contains(c.Key)).Sum(c => c.Value) >= Enough;
        var youngAnswers = phase.Pods.Any(p => young.Contains(p.Pod.Name) && p.Ok > 0);
        if (!fromUnused && !(old.Count > 1 && youngAnswers && connections.PortsKeepTheirPod))
            return null;
        var (shortOld, shortNew) = (Share(connections.OnOldPorts, young), Share(connections.OnNewPorts, young));
        var others = fromUnused ? $" and {shortNew:0.#} % of the others" : "";
        var isSilent = ReleaseChanges.ReopenSelects.In(Remedies.Release(evidence.CiliumVersion)) is true;
        var how = isSilent
            ? $" Cilium {evidence.CiliumVersion} keeps a choice only where it saw no end of the old connection: these "
                + "ended without FIN or RST."
            : "";
        return Named(
            isSilent ? "silent-close" : "stale-conntrack",
            "Connections from ports that were used before repeat an old choice of the load balancer: "
                + $"{Names(young)}, new since then, gets {shortOld:0.#} % of those{others}.{how} Consistent with "
                + "cilium/cilium#14250.",
            $"service conntrack of {evidence.ClientNode}",
            [
                $"on used ports the new pod(s) get {shortOld:0.#} "
                    + $"%{(fromUnused ? $", on unused ports {shortNew:0.#} %" : "")} (fair: "
                    + $"{100.0 * young.Count / phase.Pods.Length:0.#} %)",
                $"{connections.RepeatsKept} of {connections.RepeatsKept + connections.RepeatsMoved} "
                    + "connections from a port that came again went to the same pod again",
                "the pods that were there before share used ports evenly",
                "every request succeeds",
                Remedies.Observed(evidence.CiliumVersion),
            ],
            [
                "the same shortage on ports never used before",
                "a fair share on used ports after the entries' lifetime",
                "the same picture with socket load balancing",
                .. isSilent
                    ? (string[])["the same picture after connections whose FIN or RST reached the client's node"]
                    : [],
            ],
            [
                .. isSilent
                    ? (string[])
                        [
                            "find what ends connections without FIN or RST: a killed client or node, a firewall that "
                                + "drops them",
                        ]
                    : [],
                .. Remedies.ServiceConntrack(evidence.CiliumVersion),
            ],
            "https://github.com/cilium/cilium/issues/14250",
            "https://github.com/cilium/cilium/pull/19451"
        );
    }

    private static bool SocketBalanced(Evidence evidence) =>
        evidence.Settings.GetValueOrDefault("bpf-lb-sock") == "true"
        || evidence.Settings.GetValueOrDefault("enable-host-reachable-services") == "true";

    private static double Share(ImmutableDictionary<string, long> by, HashSet<string> pods) =>
        by.Values.Sum() is > 0 and var all ? 100.0 * by.Where(c => pods.Contains(c.Key)).Sum(c => c.Value) / all : 0;
}

/// <summary>cilium/cilium#15683: few client ports. Each repeats its choice, so that many connections are few
/// choices.</summary>
public sealed class FewClientPortsRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        if (
            evidence.Connections is not { MaxRequests: 1, PortsKeepTheirPod: true } connections
            || 2 * connections.Ports > connections.Opened
            || evidence.Service.ClientIpAffinity
            || !RequestsAreSkewed(phase)
        )
            return null;
        // With few ports, one may be taken still: that request fails at the client, and nowhere else.
        var portless = phase.Unanswered.GetValueOrDefault(FailureText.NoClientPort);
        if (phase.Failures != portless || phase.Pods.Sum(Answers) != phase.Requests - portless)
            return null;
        long Ports(PodPhase pod) =>
            connections.OnOldPorts.GetValueOrDefault(pod.Pod.Name)
            + connections.OnNewPorts.GetValueOrDefault(pod.Pod.Name);
        // Each port counts once: the choices themselves are fair, as far as so few can show, and no new Pod is short.
        var young = Young(evidence);
        var ofYoung = phase.Pods.Where(p => young.Contains(p.Pod.Name)).Sum(Ports);
        if (AreSkewed(phase, Ports) || ofYoung * phase.Pods.Length < connections.Ports * young.Count)
            return null;
        var byPod = string.Join(", ", phase.Pods.Select(p => $"{p.Pod.Name} {Ports(p)}"));
        return Named(
            "few-client-ports",
            $"Few client ports, and each repeats its choice: {connections.Opened} connections came from "
                + $"{connections.Ports} ports, so that they are {connections.Ports} choices of a pod.",
            $"service load balancing on {evidence.ClientNode}",
            [
                $"{connections.RepeatsKept} of {connections.RepeatsKept + connections.RepeatsMoved} connections from a "
                    + "port that was used again went to the same pod again",
                $"ports by pod: {byPod}",
                "each connection carried one request",
                .. portless > 0 ? (string[])[$"{portless} requests were not sent because no client port was free"] : [],
                Remedies.Observed(evidence.CiliumVersion),
            ],
            ["a port whose connections go to several pods", "the same shares with many more client ports"],
            [
                "many more client ports or addresses: a client that does not bind its port, a NAT with more addresses",
                .. Remedies.ServiceConntrack(evidence.CiliumVersion),
            ],
            "https://github.com/cilium/cilium/issues/15683"
        );
    }
}

/// <summary>One node's agent did not take up a change of the Service's Pods: its clients never reach the new Pod,
/// others do.</summary>
public sealed class StaleNodeRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        var young = Young(evidence);
        if (evidence.ClientNodes.Length < 2 || young.Count == 0)
            return null;
        var stale = evidence.ClientNodes.Where(n => young.All(p => n.ByPod.GetValueOrDefault(p) == 0)).ToList();
        if (stale is not [var node] || node.ByPod.Values.Sum() < Enough * phase.Pods.Length)
            return null;
        var others = evidence.ClientNodes.Where(n => n != node).ToList();
        bool Healthy(ClientNodeFacts n) =>
            n.Failed == 0
            && n.ByPod.Values.Sum() >= Enough
            && !AreSkewed(phase.Pods, p => n.ByPod.GetValueOrDefault(p.Pod.Name))
            && young.All(p => n.ByPod.GetValueOrDefault(p) > 0);
        if (!others.All(Healthy))
            return null;
        return Named(
            "stale-backends-on-node",
            $"Clients on {node.Node} never reach {Names(young)}, new since the load began, while clients on "
                + $"{others.Count} other node(s) do: the service map of {node.Node} is out of date.",
            $"the agent of {node.Node}",
            [
                $"{node.ByPod.Values.Sum()} answers to clients on {node.Node}, none from the new pod(s)",
                "the rows of all other nodes are even",
                $"{node.Failed} requests of {node.Node} failed; those of other nodes all succeed",
            ],
            [
                "an answer of the new pod to a client on this node",
                "the same picture after the agent of this node was restarted",
            ],
            [
                "cilium service list on that node, compared with kubectl get endpointslices",
                "restart the agent of that node: kubectl -n kube-system delete pod <its cilium pod>",
                "the agent's connection to the API server (cilium status)",
            ],
            "https://docs.cilium.io/en/stable/operations/troubleshooting/"
        );
    }
}
