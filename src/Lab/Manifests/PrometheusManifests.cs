using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// A Prometheus with the relabelling of the original report, in the namespace that the backends' policy allows. Its
/// configuration is docs/prometheus.yml with in-cluster credentials.
/// </summary>
internal static class PrometheusManifests
{
    /// <summary>Name of the Deployment and the Service.</summary>
    public const string Name = "prometheus";

    public const string Image = "quay.io/prometheus/prometheus:v3.5.0";

    public const int Port = 9090;

    public const string ScrapeInterval = "2s";

    /// <summary>The image's own user.</summary>
    private const long User = 65534;

    /// <summary>As in the original report.</summary>
    public const string Namespace = "cilium-monitoring";

    public static IEnumerable<Manifest> Render()
    {
        var labels = new Dictionary<string, string> { ["app"] = Name };
        yield return Manifest.Of(PodParts.Namespace(Namespace));
        var rights = new Rights(Namespace, Name);
        yield return rights.Account();
        foreach (var manifest in rights.Everywhere(Rights.Rule("", ["pods"], "get", "list", "watch")))
            yield return manifest;
        yield return Manifest.Of(
            new V1ConfigMap
            {
                Metadata = PodParts.Meta(Namespace, Name),
                Data = new Dictionary<string, string> { ["prometheus.yml"] = Configuration },
            }
        );
        yield return Manifest.Of(PodParts.Service(Namespace, Name, labels, ("http", Port)));
        yield return Manifest.Of(PodParts.Deployment(Namespace, Name, 1, labels, Pod()));
    }

    private static V1PodSpec Pod()
    {
        var pod = PodParts.Spec(
            new V1Container
            {
                Name = Name,
                Image = Image,
                Args =
                [
                    "--config.file=/etc/prometheus/prometheus.yml",
                    "--storage.tsdb.path=/tmp/tsdb",
                    "--storage.tsdb.retention.time=6h",
                ],
                Ports = [PodParts.Port("http", Port)],
                ReadinessProbe = PodParts.Ready("/-/ready", Port),
                Resources = PodParts.Resources("100m", "256Mi", "1", "1Gi"),
                VolumeMounts = [PodParts.ConfigMount("/etc/prometheus")],
            },
            User,
            serviceAccount: Name
        );
        pod.Volumes[0].EmptyDir.SizeLimit = new ResourceQuantity("1Gi");
        pod.Volumes.Add(PodParts.ConfigVolume(Name));
        return pod;
    }

    internal const string Configuration = $$"""
        global:
          scrape_interval: {{ScrapeInterval}}
          scrape_timeout: {{ScrapeInterval}}
        scrape_configs:
          # The backends: echo_requests, a_requests, b_requests.
          - job_name: backends
            kubernetes_sd_configs: [{role: pod}]
            relabel_configs:
              - source_labels: [__meta_kubernetes_pod_label_app, __meta_kubernetes_pod_container_port_name, __meta_kubernetes_pod_phase]
                regex: backend;http;Running
                action: keep
              - {regex: __meta_kubernetes_pod_label_(.+), action: labelmap}
              - {source_labels: [__meta_kubernetes_namespace], target_label: kubernetes_namespace}
              - {source_labels: [__meta_kubernetes_pod_name], target_label: kubernetes_pod_name}
          # Hubble's metrics, from the agent of every node.
          - job_name: hubble
            kubernetes_sd_configs: [{role: pod}]
            relabel_configs:
              - source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_pod_container_port_name, __meta_kubernetes_pod_phase]
                regex: kube-system;hubble-metrics;Running
                action: keep
              - {regex: __meta_kubernetes_pod_label_(.+), action: labelmap}
              - {source_labels: [__meta_kubernetes_namespace], target_label: kubernetes_namespace}
              - {source_labels: [__meta_kubernetes_pod_name], target_label: kubernetes_pod_name}
              - {source_labels: [__meta_kubernetes_pod_node_name], target_label: kubernetes_node_name}
            # source and destination are namespace/pod; graphs want the pod alone.
            metric_relabel_configs:
              - {source_labels: [source], regex: '[^/]+/(.+)', target_label: hubble_source_pod}
              - {source_labels: [destination], regex: '[^/]+/(.+)', target_label: hubble_destination_pod}
          # The verdict and its evidence, from the run of the Job.
          - job_name: lab
            kubernetes_sd_configs: [{role: pod}]
            relabel_configs:
              - source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_pod_label_app, __meta_kubernetes_pod_container_port_name, __meta_kubernetes_pod_phase]
                regex: {{RunnerManifests.Namespace}};{{RunnerManifests.Name}};{{RunnerManifests.MetricsPortName}};Running
                action: keep

        """;
}
