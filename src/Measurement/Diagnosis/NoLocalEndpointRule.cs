using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using static CiliumDebugging.Measurement.Diagnosis.Shares;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>
/// kubernetes#121371: a traffic policy <c>Local</c>, and the node that translates the Service's address has no ready
/// Pod of it. Nothing else is chosen instead.
/// </summary>
public sealed class NoLocalEndpointRule : IDiagnosisRule
{
    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        if (LocalTraffic.Of(evidence) is not { Local.IsEmpty: true } traffic)
            return null;
        // Whatever answers with a status is reached, so that it has another reason.
        if (phase.ByStatus.Values.Sum() != phase.Ok || phase.Failures < Enough)
            return null;
        var (field, node, _, others, _) = traffic;
        return Named(
            "no-local-endpoint",
            $"The Service keeps traffic on the node ({field}: Local), and {node} has no ready pod of it: "
                + $"{phase.Failures} of {phase.Requests} requests get no answer{traffic.Remainder(phase)}.",
            $"Service load balancing on {node}",
            [
                $"the Service's spec has {field}: Local",
                $"the EndpointSlices have {others.Length} ready pod(s), none on {node}",
                $"{phase.Failures} requests without an answer, and no failure with a status",
                Remedies.Observed(evidence.CiliumVersion),
            ],
            [
                $"requests through {node} from new client ports that a pod on another node answers",
                $"the same picture with {field}: Cluster, or with a ready pod on {node}",
            ],
            [
                $"{field}: Cluster",
                "a pod on every node that has clients (DaemonSet, or topologySpreadConstraints)",
                field == LocalTraffic.Internal
                    ? "clients only on nodes that have a pod (podAffinity)"
                    : "a load balancer that asks the health check node port, and so leaves this node out",
                .. Remedies.RefusalWithoutBackend(evidence.CiliumVersion),
            ],
            LocalTraffic.Documentation,
            "https://github.com/kubernetes/kubernetes/issues/121371"
        );
    }
}

/// <summary>Traffic that a policy <c>Local</c> keeps on one node.</summary>
/// <param name="Field">The field of the Service's spec.</param>
/// <param name="Node">The node that translates the Service's address.</param>
/// <param name="Local">The Service's Pods there.</param>
/// <param name="Others">Its Pods on other nodes.</param>
/// <param name="Strays">Answers of the others.</param>
internal sealed record LocalTraffic(
    string Field,
    string Node,
    ImmutableArray<PodPhase> Local,
    ImmutableArray<PodPhase> Others,
    long Strays
)
{
    /// <summary>For traffic from inside the cluster.</summary>
    public const string Internal = "internalTrafficPolicy";

    /// <summary>What Kubernetes says of both fields.</summary>
    public const string Documentation =
        "https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/";

    /// <summary>At most this part of the requests may go elsewhere, or succeed where none should.</summary>
    private const double MaxStrays = 0.1;

    /// <summary>The traffic of a phase; null where no policy keeps it on a known node, too little of it stays there, or
    /// there is too little to tell.</summary>
    public static LocalTraffic? Of(Evidence evidence)
    {
        var (field, node) = evidence.Service switch
        {
            { FromOutside: false, InternalLocal: true } => (Internal, evidence.ClientNode),
            { FromOutside: true, ExternalLocal: true } => ("externalTrafficPolicy", evidence.EntryNode),
            _ => ("", null),
        };
        var phase = evidence.Phase;
        if (node is null || phase.Pods.IsEmpty || phase.Requests < Enough)
            return null;
        var pods = phase.Pods.ToLookup(p => p.Pod.Node == node);
        var strays = pods[false].Sum(Answers);
        if (strays > MaxStrays * phase.Requests || StraysMove(evidence, node))
            return null;
        return new LocalTraffic(field, node, [.. pods[true]], [.. pods[false]], strays);
    }

    /// <summary>The answers of other Pods in words; empty where there are none.</summary>
    public string Remainder(PhaseReport phase) =>
        Strays == 0
            ? ""
            : $"; {Strays} of {phase.Requests} requests were answered elsewhere, as when a port that was used before "
                + "the policy repeats its old choice";

    /// <summary>Whether a client port was answered both on the node and elsewhere: entries of old connections do not do
    /// that, each port keeps its choice.</summary>
    private static bool StraysMove(Evidence evidence, string node)
    {
        var onNode = evidence.Phase.Pods.Where(p => p.Pod.Node == node).Select(p => p.Pod.Name).ToHashSet();
        return evidence.Connections?.Repeats.Keys.Any(r => onNode.Contains(r.Before) != onNode.Contains(r.Now)) is true;
    }
}
