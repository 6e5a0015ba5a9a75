using k8s.Models;

namespace CiliumDebugging.ClusterModel;

/// <summary>Whether a Pod takes traffic.</summary>
public static class PodReadiness
{
    /// <summary>Whether the Pod's Ready condition is true.</summary>
    public static bool IsReady(this V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return pod.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) ?? false;
    }
}
