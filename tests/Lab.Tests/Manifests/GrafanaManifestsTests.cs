using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.Lab.Monitoring.Grafana;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Manifests;

/// <summary>The provisioning of Grafana is consistent: files, folders, Prometheus. No Grafana runs here.</summary>
public class GrafanaManifestsTests
{
    private static readonly List<Manifest> s_objects = [.. ManifestSet.Render(new ManifestValues())];

    [Fact]
    public void Its_data_source_is_the_labs_prometheus_by_its_service_and_at_its_interval()
    {
        var source = Yaml.Parse(GrafanaManifests.DataSources).Value!["datasources"]!.AsArray().ShouldHaveSingleItem()!;

        ((string)source["type"]!, (bool)source["isDefault"]!).ShouldBe(("prometheus", true));
        var url = new Uri((string)source["url"]!);
        var service = s_objects.Single(m => m.Kind == "Service" && $"{m.Name}.{m.Namespace}" == url.Host);
        ((int)service.Object["spec"]!["ports"]![0]!["port"]!).ShouldBe(url.Port);
        PrometheusManifests.Configuration.ShouldContain($"scrape_interval: {source["jsonData"]!["timeInterval"]}\n");
    }

    [Fact]
    public void Its_files_are_where_Grafana_and_its_provider_look_for_them()
    {
        var files = s_objects.Single(m => m is { Kind: "ConfigMap", Name: GrafanaManifests.Name }).Object[
            "data"
        ]!.AsObject();
        var pod = KubernetesJson
            .Deserialize<V1Deployment>(
                s_objects.Single(m => m is { Kind: "Deployment", Name: GrafanaManifests.Name }).Object.ToJsonString()
            )
            .Spec.Template.Spec;
        var container = pod.Containers.ShouldHaveSingleItem();
        var mounted = container
            .VolumeMounts.Where(m => m.SubPath is not null)
            .ToDictionary(m => m.SubPath, m => m.MountPath);

        mounted.Keys.ShouldBe(files.Select(f => f.Key), ignoreOrder: true);
        mounted["datasources.yaml"].ShouldStartWith("/etc/grafana/provisioning/datasources/");
        mounted["dashboards.yaml"].ShouldStartWith("/etc/grafana/provisioning/dashboards/");
        ((string)files["dashboard.json"]!).ShouldBe(GrafanaDashboard.Json);
        var provider = Yaml.Parse((string)files["dashboards.yaml"]!).Value!["providers"]!
            .AsArray()
            .ShouldHaveSingleItem()!;
        ((string)provider["type"]!, (string)provider["options"]!["path"]!).ShouldBe(
            ("file", Path.GetDirectoryName(mounted["dashboard.json"]))
        );
        container
            .Env.Single(e => e.Name == "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH")
            .Value.ShouldBe(mounted["dashboard.json"]);
        container
            .VolumeMounts.Select(m => m.Name)
            .ShouldBe(["data", "config", "config", "config", "tmp"], ignoreOrder: true);
        pod.Volumes.Select(v => v.Name).ShouldBe(["tmp", "data", "config"], ignoreOrder: true);
    }

    [Fact]
    public void The_verdict_it_shows_is_scraped_from_the_runners_own_port()
    {
        var runner = ManifestSet.Render(new ManifestValues { Runner = true }).Single(m => m.Kind == "Job").Object;
        var container = runner["spec"]!["template"]!["spec"]!["containers"]![0]!;
        var job = Yaml.Parse(PrometheusManifests.Configuration).Value!["scrape_configs"]!
            .AsArray()
            .Single(j => (string)j!["job_name"]! == "lab")!;

        var keep = job["relabel_configs"]![0]!;
        keep["source_labels"]!
            .AsArray()
            .Select(l => (string)l!)
            .ShouldBe([
                "__meta_kubernetes_namespace",
                "__meta_kubernetes_pod_label_app",
                "__meta_kubernetes_pod_container_port_name",
                "__meta_kubernetes_pod_phase",
            ]);
        ((string)keep["regex"]!).ShouldBe(
            $"{runner["metadata"]!["namespace"]};{runner["spec"]!["template"]!["metadata"]!["labels"]!["app"]};{container["ports"]![0]!["name"]};Running"
        );
        container["args"]!
            .AsArray()
            .Select(a => (string)a!)
            .SkipWhile(a => a != "--metrics-port")
            .Skip(1)
            .First()
            .ShouldBe(container["ports"]![0]!["containerPort"]!.ToString());
    }

    [Fact]
    public void Anonymous_users_may_view_and_login_is_disabled()
    {
        var variables = s_objects.Single(m => m is { Kind: "Deployment", Name: GrafanaManifests.Name }).Object["spec"]![
            "template"
        ]!["spec"]!["containers"]![0]!["env"]!
            .AsArray()
            .ToDictionary(e => (string)e!["name"]!, e => (string)e!["value"]!);

        variables["GF_AUTH_ANONYMOUS_ORG_ROLE"].ShouldBe("Viewer");
        variables["GF_AUTH_DISABLE_LOGIN_FORM"].ShouldBe("true");
        variables["GF_AUTH_BASIC_ENABLED"].ShouldBe("false");
        variables["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"].ShouldBe("true");
    }
}
