using System.Diagnostics;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterSetup.Embedded.Api.Encodings;
using CiliumDebugging.ClusterSetup.Manifests;
using CiliumDebugging.ClusterSetup.Tests.Manifests;
using k8s;
using k8s.Models;

namespace CiliumDebugging.AppHost.Tests.Aspire;

/// <summary>The chart that AppHost publishes; no container engine, cluster or network is needed.</summary>
public sealed class PublishTests(PublishedChart chart) : IClassFixture<PublishedChart>
{
    [Fact]
    public void The_chart_has_a_folder_for_each_component()
    {
        chart.Files.ShouldBe(
        [
            "Chart.yaml", "templates/backend-1/ciliumnetworkpolicy.yaml", "templates/backend-1/deployment.yaml", "templates/backend-1/namespace.yaml", "templates/backend-1/service.yaml",
            "templates/dashboard/deployment.yaml", "templates/dashboard/namespace.yaml", "templates/dashboard/service.yaml",
            "templates/grafana/configmap.yaml", "templates/grafana/deployment.yaml", "templates/grafana/service.yaml",
            "templates/load-test-1/ciliumnetworkpolicy.yaml", "templates/load-test-1/deployment.yaml", "templates/load-test-1/namespace.yaml",
            "templates/prometheus/clusterrole.yaml", "templates/prometheus/clusterrolebinding.yaml", "templates/prometheus/configmap.yaml", "templates/prometheus/deployment.yaml",
            "templates/prometheus/namespace.yaml", "templates/prometheus/service.yaml", "templates/prometheus/serviceaccount.yaml",
            "templates/scenario-runner/clusterrole.yaml", "templates/scenario-runner/clusterrolebinding.yaml", "templates/scenario-runner/job.yaml",
            "templates/scenario-runner/role-backend.yaml", "templates/scenario-runner/role-kube-system.yaml", "templates/scenario-runner/role-load-test.yaml",
            "templates/scenario-runner/rolebinding-backend.yaml", "templates/scenario-runner/rolebinding-kube-system.yaml", "templates/scenario-runner/rolebinding-load-test.yaml",
            "templates/scenario-runner/serviceaccount.yaml", "values.yaml",
        ]);
    }

    [Fact]
    public void Its_values_are_the_images_and_the_switches_and_nothing_that_has_no_effect()
    {
        var values = chart.Values();
        values.Select(v => v.Key).ShouldBe(["parameters", "secrets", "config", "backendCnp", "loadTestCnp", "dashboard", "prometheus", "grafana", "runner"]);
        values["parameters"]!.AsObject().SelectMany(p => p.Value!.AsObject()).Select(p => p.Key).ShouldBe(["backend_1_image", "load_test_1_image", "scenario_runner_image"], ignoreOrder: true);
        values["config"]!.AsObject().ShouldBeEmpty();
        values["backendCnp"]!["enabled"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public void With_every_choice_of_switches_it_renders_to_the_manifests_that_ClusterSetup_prints()
    {
        for (var bits = 0; bits < 64; bits++)
        {
            var values = chart.Values();
            bool Switch(string name, int bit)
            {
                values[name]!["enabled"] = (bits & bit) != 0;
                return (bits & bit) != 0;
            }
            string Image(string resource) => (string)values["parameters"]![resource]![resource + "_image"]!;
            var wanted = LabManifests.Render(new ManifestValues
            {
                BackendCnp = Switch("backendCnp", 1), LoadTestCnp = Switch("loadTestCnp", 2), Dashboard = Switch("dashboard", 4), Prometheus = Switch("prometheus", 8), Runner = Switch("runner", 16), Grafana = Switch("grafana", 32),
                BackendImage = Image("backend_1"), LoadTestImage = Image("load_test_1"), RunnerImage = Image("scenario_runner"),
            });
            var rendered = chart.Templates.Select(t => HelmTemplates.Render(t, values)).OfType<Manifest>().ToDictionary(m => m.Path);
            rendered.Keys.ShouldBe(wanted.Select(m => m.Path), ignoreOrder: true);
            foreach (var manifest in wanted) JsonNode.DeepEquals(rendered[manifest.Path].Object, manifest.Object).ShouldBeTrue($"{bits}: {manifest}\n{rendered[manifest.Path].Object}");
        }
    }

    [Fact]
    public void The_backends_are_three_pods_that_know_who_they_are_and_send_their_telemetry_to_the_dashboard()
    {
        var deployment = KubernetesJson.Deserialize<V1Deployment>(HelmTemplates.Render(chart.Read("templates/backend-1/deployment.yaml"), chart.Values())!.Object.ToJsonString());
        deployment.Namespace().ShouldBe("backend");
        deployment.Spec.Replicas.ShouldBe(3);
        deployment.Spec.Template.Labels()["app"].ShouldBe("backend");
        var container = deployment.Spec.Template.Spec.Containers.ShouldHaveSingleItem();
        container.Image.ShouldBe("backend-1:latest");
        container.Env.Single(e => e.Name == "NODE_NAME").ValueFrom.FieldRef.FieldPath.ShouldBe("spec.nodeName");
        container.Env.Single(e => e.Name == "OTEL_EXPORTER_OTLP_ENDPOINT").Value.ShouldBe("http://aspire-dashboard.cilium-debugging:18889");
        container.SecurityContext.ReadOnlyRootFilesystem.ShouldBe(true);
    }
}

/// <summary>A chart, published once.</summary>
public sealed class PublishedChart : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("chart-").FullName;

    public IEnumerable<string> Files => Directory.EnumerateFiles(_folder, "*.yaml", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(_folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal);

    public IEnumerable<string> Templates => Files.Where(f => f.StartsWith("templates/", StringComparison.Ordinal)).Select(Read);

    public string Read(string file) => File.ReadAllText(Path.Combine(_folder, file));

    public JsonObject Values() => Yaml.Parse(Read("values.yaml")).Value!.AsObject();

    public async ValueTask InitializeAsync()
    {
        // AppHost from its own output folder: the copy next to the tests is for reference only.
        var output = Path.GetRelativePath(Path.Combine(ProjectCopy.Repository(), "tests", "AppHost.Tests"), AppContext.BaseDirectory);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(ProjectCopy.Repository(), "AppHost", output, "AppHost.dll"), "--operation", "publish", "--step", "publish", "--output-path", _folder])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, said);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
