using CiliumDebugging.Lab.Monitoring.Grafana;
using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// A Grafana with the lab's dashboard and Prometheus, provisioned by files. There is no login, nothing is stored, and
/// users may only view. The format of the files: grafana/grafana, docs/sources/administration/provisioning.
/// </summary>
internal static class GrafanaManifests
{
    /// <summary>Name of the Deployment, the Service and the ConfigMap.</summary>
    public const string Name = "grafana";

    public const string Image = "docker.io/grafana/grafana:12.2.0";

    public const string Namespace = PrometheusManifests.Namespace;

    public const int Port = 3000;

    /// <summary>The image's own user.</summary>
    private const long User = 472;

    private const string DashboardFolder = "/etc/grafana/dashboards",
        DashboardFile = $"{DashboardFolder}/load-balancing-skew.json";

    public static IEnumerable<Manifest> Render()
    {
        var labels = new Dictionary<string, string> { ["app"] = Name };
        yield return Manifest.Of(PodParts.Namespace(Namespace));
        yield return Manifest.Of(
            new V1ConfigMap
            {
                Metadata = PodParts.Meta(Namespace, Name),
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
                    // No requests to the internet.
                    PodParts.Variable("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false"),
                    PodParts.Variable("GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
                    PodParts.Variable("GF_ANALYTICS_REPORTING_ENABLED", "false"),
                    PodParts.Variable("GF_NEWS_NEWS_FEED_ENABLED", "false"),
                    PodParts.Variable("GF_PLUGINS_PREINSTALL_DISABLED", "true"),
                ],
                Ports = [PodParts.Port("http", Port)],
                ReadinessProbe = PodParts.Ready("/api/health", Port),
                Resources = PodParts.Resources("100m", "192Mi", "1", "512Mi"),
                VolumeMounts =
                [
                    new V1VolumeMount { Name = "data", MountPath = "/var/lib/grafana" },
                    PodParts.ConfigMount("/etc/grafana/provisioning/datasources/lab.yaml", "datasources.yaml"),
                    PodParts.ConfigMount("/etc/grafana/provisioning/dashboards/lab.yaml", "dashboards.yaml"),
                    PodParts.ConfigMount(DashboardFile, "dashboard.json"),
                ],
            },
            User
        );
        pod.Volumes.Add(PodParts.EmptyVolume("data", "256Mi"));
        pod.Volumes.Add(PodParts.ConfigVolume(Name));
        return pod;
    }

    /// <summary>The lab's Prometheus; the shortest step is its scrape interval.</summary>
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

    /// <summary>The folder of the dashboard.</summary>
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
