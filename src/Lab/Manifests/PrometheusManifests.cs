using CiliumDebugging.ClusterModel;
using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>A Prometheus with the seed's relabelling, in the namespace that the backends' policy admits. Its configuration is docs/prometheus.yml with in-cluster credentials.</summary>
internal static class PrometheusManifests
{
    /// <summary>Name of its Deployment and Service.</summary>
    public const string Name = "prometheus";

    /// <summary>Its image.</summary>
    public const string Image = "quay.io/prometheus/prometheus:v3.5.0";

    /// <summary>The port of its API and page.</summary>
    public const int Port = 9090;

    /// <summary>How often it scrapes.</summary>
    public const string ScrapeInterval = "2s";

    /// <summary>nobody, the image's own user.</summary>
    private const long User = 65534;

    /// <summary>Its namespace, as the seed has it.</summary>
    public const string Namespace = "cilium-monitoring";

    /// <summary>The objects.</summary>
    public static IEnumerable<Manifest> Render()
    {
        var labels = new Dictionary<string, string> { ["app"] = Name };
        yield return Manifest.Of(PodParts.Namespace(Namespace));
        yield return Manifest.Of(
            new V1ServiceAccount
            {
                Metadata = new V1ObjectMeta { Name = Name, NamespaceProperty = Namespace },
            }
        );
        yield return Manifest.Of(
            new V1ClusterRole
            {
                Metadata = new V1ObjectMeta { Name = $"{Ownership.Name}-{Name}" },
                Rules =
                [
                    new V1PolicyRule
                    {
                        ApiGroups = [""],
                        Resources = ["pods"],
                        Verbs = ["get", "list", "watch"],
                    },
                ],
            }
        );
        yield return Manifest.Of(
            new V1ClusterRoleBinding
            {
                Metadata = new V1ObjectMeta { Name = $"{Ownership.Name}-{Name}" },
                RoleRef = new V1RoleRef
                {
                    ApiGroup = "rbac.authorization.k8s.io",
                    Kind = "ClusterRole",
                    Name = $"{Ownership.Name}-{Name}",
                },
                Subjects =
                [
                    new Rbacv1Subject
                    {
                        Kind = "ServiceAccount",
                        Name = Name,
                        NamespaceProperty = Namespace,
                    },
                ],
            }
        );
        yield return Manifest.Of(
            new V1ConfigMap
            {
                Metadata = new V1ObjectMeta { Name = Name, NamespaceProperty = Namespace },
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
                Ports =
                [
                    new V1ContainerPort
                    {
                        Name = "http",
                        ContainerPort = Port,
                        Protocol = "TCP",
                    },
                ],
                ReadinessProbe = PodParts.Ready("/-/ready", Port),
                Resources = PodParts.Resources("100m", "256Mi", "1", "1Gi"),
                VolumeMounts =
                [
                    new V1VolumeMount
                    {
                        Name = "config",
                        MountPath = "/etc/prometheus",
                        ReadOnlyProperty = true,
                    },
                ],
            },
            User,
            serviceAccount: Name
        );
        pod.Volumes[0].EmptyDir.SizeLimit = new ResourceQuantity("1Gi");
        pod.Volumes.Add(
            new V1Volume
            {
                Name = "config",
                ConfigMap = new V1ConfigMapVolumeSource { Name = Name },
            }
        );
        return pod;
    }

    /// <summary>Prometheus's configuration.</summary>
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
          # The verdict and what it rests on, from the run that the Job makes.
          - job_name: lab
            kubernetes_sd_configs: [{role: pod}]
            relabel_configs:
              - source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_pod_label_app, __meta_kubernetes_pod_container_port_name, __meta_kubernetes_pod_phase]
                regex: {{RunnerManifests.Namespace}};{{RunnerManifests.Name}};{{RunnerManifests.MetricsPortName}};Running
                action: keep

        """;
}
