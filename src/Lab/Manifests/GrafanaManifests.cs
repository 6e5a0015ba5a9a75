using CiliumDebugging.Lab.Monitoring.Grafana;
using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// A Grafana that shows the lab's dashboard from the lab's Prometheus, provisioned by files: nobody signs in and nothing is kept. Whoever reaches it (kubectl port-forward) may look and change nothing.
/// The files' format: grafana/grafana, docs/sources/administration/provisioning.
/// </summary>
internal static class GrafanaManifests
{
    /// <summary>Name of its Deployment, Service and ConfigMap.</summary>
    public const string Name = "grafana";

    /// <summary>Its image.</summary>
    public const string Image = "docker.io/grafana/grafana:12.2.0";

    /// <summary>Its namespace: beside Prometheus.</summary>
    public const string Namespace = PrometheusManifests.Namespace;

    /// <summary>The port of its page.</summary>
    public const int Port = 3000;

    /// <summary>The image's own user.</summary>
    private const long User = 472;

    private const string DashboardFolder = "/etc/grafana/dashboards",
        DashboardFile = $"{DashboardFolder}/load-balancing-skew.json";

    /// <summary>The objects.</summary>
    public static IEnumerable<Manifest> Render()
    {
        var labels = new Dictionary<string, string> { ["app"] = Name };
        yield return Manifest.Of(PodParts.Namespace(Namespace));
        yield return Manifest.Of(
            new V1ConfigMap
            {
                Metadata = new V1ObjectMeta { Name = Name, NamespaceProperty = Namespace },
                Data = new Dictionary<string, string>
                {
                    ["datasources.yaml"] = DataSources,
                    ["dashboards.yaml"] = Dashboards,
                    ["dashboard.json"] = GrafanaDashboard.Json,
                },
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
                Env =
                [
                    PodParts.Variable("GF_AUTH_ANONYMOUS_ENABLED", "true"),
                    PodParts.Variable("GF_AUTH_ANONYMOUS_ORG_ROLE", "Viewer"),
                    PodParts.Variable("GF_AUTH_BASIC_ENABLED", "false"),
                    PodParts.Variable("GF_AUTH_DISABLE_LOGIN_FORM", "true"),
                    PodParts.Variable("GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION", "true"),
                    PodParts.Variable("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", DashboardFile),
                    // Nothing is asked of the internet.
                    PodParts.Variable("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false"),
                    PodParts.Variable("GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
                    PodParts.Variable("GF_ANALYTICS_REPORTING_ENABLED", "false"),
                    PodParts.Variable("GF_NEWS_NEWS_FEED_ENABLED", "false"),
                    PodParts.Variable("GF_PLUGINS_PREINSTALL_DISABLED", "true"),
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
                ReadinessProbe = PodParts.Ready("/api/health", Port),
                Resources = PodParts.Resources("100m", "192Mi", "1", "512Mi"),
                VolumeMounts =
                [
                    new V1VolumeMount { Name = "data", MountPath = "/var/lib/grafana" },
                    File("datasources.yaml", "/etc/grafana/provisioning/datasources/lab.yaml"),
                    File("dashboards.yaml", "/etc/grafana/provisioning/dashboards/lab.yaml"),
                    File("dashboard.json", DashboardFile),
                ],
            },
            User
        );
        pod.Volumes.Add(
            new V1Volume
            {
                Name = "data",
                EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = new ResourceQuantity("256Mi") },
            }
        );
        pod.Volumes.Add(
            new V1Volume
            {
                Name = "config",
                ConfigMap = new V1ConfigMapVolumeSource { Name = Name },
            }
        );
        return pod;
    }

    /// <summary>One file of the ConfigMap, beside what the image has in the folder.</summary>
    private static V1VolumeMount File(string key, string path) =>
        new()
        {
            Name = "config",
            SubPath = key,
            MountPath = path,
            ReadOnlyProperty = true,
        };

    /// <summary>The lab's Prometheus; its step is no shorter than its scrape interval.</summary>
    internal static readonly string DataSources = $$"""
        apiVersion: 1
        datasources:
          - name: Prometheus
            uid: prometheus
            type: prometheus
            access: proxy
            url: http://{{PrometheusManifests.Name}}.{{PrometheusManifests.Namespace}}:{{PrometheusManifests.Port}}
            isDefault: true
            editable: false
            jsonData: {httpMethod: POST, timeInterval: {{PrometheusManifests.ScrapeInterval}}}

        """;

    /// <summary>Where the dashboard's file is.</summary>
    internal static readonly string Dashboards = $$"""
        apiVersion: 1
        providers:
          - name: lab
            type: file
            disableDeletion: true
            allowUiUpdates: false
            options: {path: {{DashboardFolder}}}

        """;
}
