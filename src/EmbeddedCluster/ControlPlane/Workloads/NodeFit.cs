using CiliumDebugging.EmbeddedCluster.Api.Validation;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>
/// Whether a Pod may run on a node: nodeSelector, required node affinity on labels, taints. Resources are not counted.
/// </summary>
internal static class NodeFit
{
    public static bool Fits(V1PodSpec pod, V1Node node) =>
        (pod.NodeSelector ?? new Dictionary<string, string>()).All(s => node.GetLabel(s.Key) == s.Value)
        && (
            pod.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms
                is not { Count: > 0 } terms
            || terms.Any(t => Matches(t, node))
        )
        && (node.Spec?.Taints ?? []).All(t =>
            t.Effect is not ("NoSchedule" or "NoExecute") || (pod.Tolerations ?? []).Any(o => Tolerates(o, t))
        );

    private static bool Matches(V1NodeSelectorTerm term, V1Node node) =>
        (term.MatchExpressions ?? []).All(e => LabelRules.Holds(e.OperatorProperty, e.Values, node.GetLabel(e.Key)));

    private static bool Tolerates(V1Toleration toleration, V1Taint taint) =>
        (string.IsNullOrEmpty(toleration.Effect) || toleration.Effect == taint.Effect)
        && (
            toleration.OperatorProperty == "Exists"
                ? string.IsNullOrEmpty(toleration.Key) || toleration.Key == taint.Key
                : toleration.Key == taint.Key && (toleration.Value ?? "") == (taint.Value ?? "")
        );
}
