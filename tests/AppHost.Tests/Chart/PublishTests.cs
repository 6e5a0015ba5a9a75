using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.Lab.Tests.Manifests;

namespace CiliumDebugging.AppHost.Tests.Chart;

/// <summary>The chart that AppHost publishes; no container engine, cluster or network is needed.</summary>
public sealed class PublishTests(PublishedChart chart) : IClassFixture<PublishedChart>
{
    [Fact]
    public void The_chart_has_a_folder_for_each_component()
    {
        chart.Files.ShouldBe([
            "Chart.yaml",
            "templates/backend-1/ciliumnetworkpolicy.yaml",
            "templates/backend-1/deployment.yaml",
            "templates/backend-1/namespace.yaml",
            "templates/backend-1/service.yaml",
            "templates/dashboard/deployment.yaml",
            "templates/dashboard/namespace.yaml",
            "templates/dashboard/service.yaml",
            "templates/grafana/configmap.yaml",
            "templates/grafana/deployment.yaml",
            "templates/grafana/service.yaml",
            "templates/load-test-1/ciliumnetworkpolicy.yaml",
            "templates/load-test-1/deployment.yaml",
            "templates/load-test-1/namespace.yaml",
            "templates/prometheus/clusterrole.yaml",
            "templates/prometheus/clusterrolebinding.yaml",
            "templates/prometheus/configmap.yaml",
            "templates/prometheus/deployment.yaml",
            "templates/prometheus/namespace.yaml",
            "templates/prometheus/service.yaml",
            "templates/prometheus/serviceaccount.yaml",
            "templates/scenario-runner/clusterrole.yaml",
            "templates/scenario-runner/clusterrolebinding.yaml",
            "templates/scenario-runner/job.yaml",
            "templates/scenario-runner/role-backend.yaml",
            "templates/scenario-runner/role-kube-system.yaml",
            "templates/scenario-runner/role-load-test.yaml",
            "templates/scenario-runner/rolebinding-backend.yaml",
            "templates/scenario-runner/rolebinding-kube-system.yaml",
            "templates/scenario-runner/rolebinding-load-test.yaml",
            "templates/scenario-runner/serviceaccount.yaml",
            "values.yaml",
        ]);
    }

    [Fact]
    public void Its_values_are_the_images_and_the_switches_and_nothing_that_has_no_effect()
    {
        var values = chart.Values();
        values
            .Select(v => v.Key)
            .ShouldBe([
                "parameters",
                "secrets",
                "config",
                "backendCnp",
                "loadTestCnp",
                "dashboard",
                "prometheus",
                "grafana",
                "runner",
            ]);
        values["parameters"]!
            .AsObject()
            .SelectMany(p => p.Value!.AsObject())
            .Select(p => p.Key)
            .ShouldBe(["backend_1_image", "load_test_1_image", "scenario_runner_image"], ignoreOrder: true);
        values["config"]!.AsObject().ShouldBeEmpty();
        values["backendCnp"]!["enabled"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task A_real_helm_finds_no_fault_with_it_and_renders_what_ClusterSetup_prints()
    {
        Helm.SkipIfMissing();
        await Helm.LintAsync(chart.Folder);
        string[] switches = ["backendCnp", "loadTestCnp", "dashboard", "prometheus", "runner", "grafana"];
        // LabChartTests has every combination, of the same templates.
        foreach (var on in (string[][])[switches, [], .. switches.Select(s => (string[])[s])])
        {
            var sets = switches.Select(s => $"{s}.enabled={(on.Contains(s) ? "true" : "false")}").ToList();
            var values = chart.Values();
            string Image(string resource) => (string)values["parameters"]![resource]![resource + "_image"]!;
            var wanted = ManifestSet.Render(
                new ManifestValues
                {
                    BackendCnp = on.Contains("backendCnp"),
                    LoadTestCnp = on.Contains("loadTestCnp"),
                    Dashboard = on.Contains("dashboard"),
                    Prometheus = on.Contains("prometheus"),
                    Runner = on.Contains("runner"),
                    Grafana = on.Contains("grafana"),
                    BackendImage = Image("backend_1"),
                    LoadTestImage = Image("load_test_1"),
                    RunnerImage = Image("scenario_runner"),
                }
            );
            var rendered = (await Helm.TemplateAsync(chart.Folder, sets)).ToDictionary(m => m.Path);
            rendered.Keys.ShouldBe(wanted.Select(m => m.Path), ignoreOrder: true);
            foreach (var manifest in wanted)
                JsonNode
                    .DeepEquals(rendered[manifest.Path].Object, manifest.Object)
                    .ShouldBeTrue($"{string.Join(' ', on)}: {manifest}\n{rendered[manifest.Path].Object}");
        }
    }
}

/// <summary>A chart, published once.</summary>
public sealed class PublishedChart : IAsyncLifetime
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("chart-").FullName;

    public IEnumerable<string> Files =>
        Directory
            .EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    public JsonObject Values() => Yaml.Parse(File.ReadAllText(Path.Combine(Folder, "values.yaml"))).Value!.AsObject();

    public async ValueTask InitializeAsync()
    {
        var (exitCode, output) = await AppHostProcess.RunAsync([
            "--operation",
            "publish",
            "--step",
            "publish",
            "--output-path",
            Folder,
        ]);
        exitCode.ShouldBe(0, output);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
