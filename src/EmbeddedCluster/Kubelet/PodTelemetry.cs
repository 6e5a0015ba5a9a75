using CiliumDebugging.ClusterModel;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Kubelet;

/// <summary>
/// The variables that say whose telemetry a Pod's process sends. Without them it would inherit those of the cluster's
/// process. A dashboard shows the instances of a workload as <c>WORKLOAD-SHORTNAME</c> (<see cref="PodNames"/>).
/// </summary>
internal static class PodTelemetry
{
    public static IEnumerable<KeyValuePair<string, string>> Variables(V1Pod pod)
    {
        (string Key, string Value)[] attributes =
        [
            ("service.instance.id", PodNames.ShortNameOf(pod)),
            ("k8s.pod.name", pod.Name()),
            ("k8s.namespace.name", pod.Namespace()),
            ("k8s.node.name", pod.Spec.NodeName),
        ];
        yield return new("OTEL_SERVICE_NAME", PodNames.WorkloadOf(pod));
        yield return new(
            "OTEL_RESOURCE_ATTRIBUTES",
            string.Join(',', attributes.Select(a => $"{a.Key}={Uri.EscapeDataString(a.Value)}"))
        );
    }
}
