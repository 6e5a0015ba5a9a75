using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>Which Pods a workload's selector means.</summary>
internal static class PodSelection
{
    public static bool Selects(V1LabelSelector selector, V1ObjectMeta? metadata)
    {
        string? Label(string key) =>
            metadata?.Labels is { } labels && labels.TryGetValue(key, out var value) ? value : null;
        return (selector.MatchLabels ?? new Dictionary<string, string>()).All(l => Label(l.Key) == l.Value)
            && (selector.MatchExpressions ?? []).All(e => Holds(e.OperatorProperty, e.Values, Label(e.Key)));
    }

    /// <summary>Whether an expression holds for a label's value; null: there is no such label.</summary>
    public static bool Holds(string @operator, IList<string>? values, string? value) =>
        @operator switch
        {
            "In" => value is not null && values?.Contains(value) is true,
            "NotIn" => value is null || values?.Contains(value) is not true,
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            _ => false,
        };
}
