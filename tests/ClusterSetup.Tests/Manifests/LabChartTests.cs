using System.Text.Json.Nodes;
using CiliumDebugging.ClusterSetup.Embedded.Api.Encodings;
using CiliumDebugging.ClusterSetup.Manifests;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CiliumDebugging.ClusterSetup.Tests.Manifests;

/// <summary>The templates of the chart, without Aspire, which writes them into files where it is available (AppHost.Tests/Aspire).</summary>
public class LabChartTests
{
    private static readonly ManifestValues s_images = new() { BackendImage = "{{ .Values.parameters.backend }}", LoadTestImage = "{{ .Values.parameters.load }}", RunnerImage = "runner:1" };

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

    [Fact]
    public void With_every_choice_of_switches_the_chart_renders_to_the_manifests()
    {
        var templates = LabChart.Templates(s_images).Select(Text).ToList();
        for (var bits = 0; bits < 64; bits++)
        {
            var values = new ManifestValues
            {
                BackendCnp = (bits & 1) != 0, LoadTestCnp = (bits & 2) != 0, Dashboard = (bits & 4) != 0, Prometheus = (bits & 8) != 0, Runner = (bits & 16) != 0, Grafana = (bits & 32) != 0,
                BackendImage = "b:1", LoadTestImage = "l:1", RunnerImage = "runner:1", RunnerScenario = "stale-conntrack",
            };
            var rendered = templates.Select(t => HelmTemplates.Render(t, ValuesOf(values))).OfType<Manifest>().ToDictionary(m => m.Path);
            var wanted = LabManifests.Render(values);
            rendered.Keys.ShouldBe(wanted.Select(m => m.Path), ignoreOrder: true);
            foreach (var manifest in wanted) JsonNode.DeepEquals(rendered[manifest.Path].Object, manifest.Object).ShouldBeTrue($"{bits}: {manifest}\n{rendered[manifest.Path].Object}");
        }
    }

    [Fact]
    public void The_switches_have_their_defaults_in_the_values_and_every_file_its_own_name()
    {
        var values = Yaml.Parse(LabChart.DefaultValues).Value!;
        var standard = new ManifestValues();
        JsonNode.DeepEquals(values, new JsonObject(ValuesOf(standard).Where(v => v.Key != "parameters").Select(v => KeyValuePair.Create(v.Key, v.Value?.DeepClone())))).ShouldBeTrue(values.ToString());
        LabChart.Templates(s_images).Select(t => (t.Component, t.File)).ShouldBeUnique();
    }

    [Fact]
    public void A_template_is_yaml_before_it_is_rendered()
    {
        foreach (var template in LabChart.Templates(s_images))
            JsonNode.DeepEquals(Yaml.Parse(Text(template).Replace(ChartTemplate.LiteralBraces, "{{", StringComparison.Ordinal)).Value, template.Manifest.Object).ShouldBeTrue(Text(template));
    }

    private static JsonObject ValuesOf(ManifestValues values) => new()
    {
        ["parameters"] = new JsonObject { ["backend"] = "b:1", ["load"] = "l:1" },
        ["backendCnp"] = new JsonObject { ["enabled"] = values.BackendCnp }, ["loadTestCnp"] = new JsonObject { ["enabled"] = values.LoadTestCnp },
        ["dashboard"] = new JsonObject { ["enabled"] = values.Dashboard }, ["prometheus"] = new JsonObject { ["enabled"] = values.Prometheus }, ["grafana"] = new JsonObject { ["enabled"] = values.Grafana },
        ["runner"] = new JsonObject { ["enabled"] = values.Runner, ["scenario"] = values.RunnerScenario },
    };
}
