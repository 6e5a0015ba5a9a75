using System.Globalization;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Monitoring;

/// <summary>
/// A cluster's Pods as a target file of Prometheus (file_sd_configs), with the <c>__meta_kubernetes_*</c> labels of
/// kubernetes_sd_configs, role pod, so that the same relabelling fits both. For builds of Prometheus without Kubernetes
/// discovery, such as Debian's package.
/// </summary>
public static class PrometheusTargets
{
    private const string Prefix = "__meta_kubernetes_";
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private sealed record Target(string[] Targets, SortedDictionary<string, string> Labels);

    /// <summary>The target file for the Pods of a cluster.</summary>
    public static async Task<string> ReadAsync(IKubernetes cluster, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var pods = await cluster.CoreV1.ListPodForAllNamespacesAsync(cancellationToken: cancellationToken);
        return Render(pods.Items);
    }

    /// <summary>
    /// The target file for the given Pods: one target for each container port, none for Pods without an address.
    /// </summary>
    public static string Render(IEnumerable<V1Pod> pods)
    {
        ArgumentNullException.ThrowIfNull(pods);
        return JsonSerializer.Serialize(
            pods.Where(p => p.Status?.PodIP is { Length: > 0 }).SelectMany(Targets),
            s_json
        );
    }

    private static IEnumerable<Target> Targets(V1Pod pod) =>
        from container in pod.Spec.Containers
        from port in container.Ports ?? []
        select new Target(
            [string.Create(CultureInfo.InvariantCulture, $"{pod.Status.PodIP}:{port.ContainerPort}")],
            Labels(pod, container, port)
        );

    private static SortedDictionary<string, string> Labels(V1Pod pod, V1Container container, V1ContainerPort port)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [Prefix + "namespace"] = pod.Namespace(),
            [Prefix + "pod_name"] = pod.Name(),
            [Prefix + "pod_uid"] = pod.Uid(),
            [Prefix + "pod_ip"] = pod.Status.PodIP,
            [Prefix + "pod_host_ip"] = pod.Status.HostIP ?? "",
            [Prefix + "pod_node_name"] = pod.Spec.NodeName ?? "",
            [Prefix + "pod_phase"] = pod.Status.Phase ?? "",
            [Prefix + "pod_ready"] = pod.Status.Conditions?.FirstOrDefault(c => c.Type == "Ready")
                ?.Status.ToLowerInvariant()
                ?? "unknown",
            [Prefix + "pod_container_name"] = container.Name,
            [Prefix + "pod_container_port_name"] = port.Name ?? "",
            [Prefix + "pod_container_port_number"] = port.ContainerPort.ToString(CultureInfo.InvariantCulture),
            [Prefix + "pod_container_port_protocol"] = port.Protocol ?? "TCP",
        };
        foreach (var (name, value) in pod.Labels() ?? new Dictionary<string, string>())
            labels[Prefix + "pod_label_" + LabelName(name)] = value;
        foreach (var (name, value) in pod.Annotations() ?? new Dictionary<string, string>())
            labels[Prefix + "pod_annotation_" + LabelName(name)] = value;
        return labels;
    }

    /// <summary>A name as a label of Prometheus: other characters become underscores.</summary>
    private static string LabelName(string name) =>
        string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_'));
}
