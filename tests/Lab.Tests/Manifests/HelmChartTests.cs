using System.Text.Json.Nodes;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.Lab.Manifests;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CiliumDebugging.Lab.Tests.Manifests;

/// <summary>The chart as publishing writes it, rendered by Helm.</summary>
public sealed class HelmChartTests : IDisposable
{
    private const int AllOn = (1 << 6) - 1;

    private static readonly string[] s_switches =
    [
        "backendCnp",
        "loadTestCnp",
        "dashboard",
        "prometheus",
        "grafana",
        "runner",
    ];

    /// <summary>Images as Aspire names them in the chart's values.</summary>
    private static readonly ManifestValues s_images = new()
    {
        BackendImage = "{{ .Values.parameters.backend_1.backend_1_image }}",
        LoadTestImage = "{{ .Values.parameters.load_test_1.load_test_1_image }}",
        RunnerImage = "{{ .Values.parameters.scenario_runner.scenario_runner_image }}",
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("lab-chart-").FullName;

    public HelmChartTests()
    {
        File.WriteAllText(
            Path.Combine(_folder, "Chart.yaml"),
            """
            apiVersion: "v2"
            name: "cilium-debugging"
            version: "0.1.0"
            """
        );
        File.WriteAllText(
            Path.Combine(_folder, "values.yaml"),
            $"""
            parameters:
              backend_1:
                backend_1_image: "b:1"
              load_test_1:
                load_test_1_image: "l:1"
              scenario_runner:
                scenario_runner_image: "r:1"
            {HelmChart.DefaultValues}
            """
        );
        foreach (var template in HelmChart.Templates(s_images))
        {
            var component = Directory.CreateDirectory(Path.Combine(_folder, "templates", template.Component)).FullName;
            File.WriteAllText(Path.Combine(component, template.File), $"---\n{Text(template)}");
        }
    }

    [Fact]
    public async Task Helm_lints_the_chart_without_a_warning()
    {
        Helm.SkipIfMissing();
        await Helm.LintAsync(_folder);
        await Helm.LintAsync(_folder, Sets(0));
        await Helm.LintAsync(_folder, Sets(AllOn));
    }

    [Fact]
    public async Task With_any_switches_Helm_renders_the_objects_that_ClusterSetup_prints()
    {
        Helm.SkipIfMissing();
        var cancellation = TestContext.Current.CancellationToken;
        var few = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellation };
        await Parallel.ForAsync(0, AllOn + 1, few, async (bits, _) => await Renders([.. Sets(bits)]));
    }

    [Fact]
    public async Task By_default_Helm_renders_the_objects_that_ClusterSetup_prints_by_default()
    {
        Helm.SkipIfMissing();
        await Renders([]);
    }

    [Fact]
    public async Task The_runner_runs_the_scenario_of_the_values()
    {
        Helm.SkipIfMissing();
        await Renders(["runner.enabled=true", "runner.scenario=stale-conntrack"]);
    }

    [Fact]
    public void A_template_is_yaml_before_it_is_rendered()
    {
        foreach (var template in HelmChart.Templates(s_images))
        {
            var text = Text(template);
            var read = Yaml.Parse(text.Replace(ChartTemplate.LiteralBraces, "{{", StringComparison.Ordinal)).Value;
            JsonNode.DeepEquals(read, template.Manifest.Object).ShouldBeTrue(text);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>One <c>--set</c> a switch, on if its bit is 1. Helm and <c>manifests</c> take the same text.</summary>
    private static IEnumerable<string> Sets(int bits) =>
        s_switches.Select((name, bit) => $"{name}.enabled={((bits >> bit & 1) != 0 ? "true" : "false")}");

    private async Task Renders(string[] sets)
    {
        string[] images = ["images.backend=b:1", "images.loadTest=l:1", "images.runner=r:1"];
        var (values, problems) = ManifestsCommand.Read([.. sets, .. images]);
        problems.ShouldBeEmpty();
        var wanted = ManifestSet.Render(values);
        var rendered = (await Helm.TemplateAsync(_folder, sets)).ToDictionary(m => m.Path);
        rendered.Keys.ShouldBe(wanted.Select(m => m.Path), ignoreOrder: true, string.Join(' ', sets));
        foreach (var manifest in wanted)
        {
            var same = JsonNode.DeepEquals(rendered[manifest.Path].Object, manifest.Object);
            same.ShouldBeTrue($"{string.Join(' ', sets)}: {manifest}\n{rendered[manifest.Path].Object}");
        }
    }

    private static string Text(ChartTemplate template)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(writer);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart());
        template.WriteTo(emitter);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return writer.ToString();
    }
}
