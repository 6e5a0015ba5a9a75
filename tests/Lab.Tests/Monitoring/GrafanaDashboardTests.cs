using System.Text.Json;
using CiliumDebugging.Lab.Monitoring.Grafana;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Monitoring;

/// <summary>The dashboard's structure and its queries. No Grafana runs here.</summary>
public sealed class GrafanaDashboardTests
{
    private static readonly JsonElement s_dashboard = JsonDocument.Parse(GrafanaDashboard.Json).RootElement;
    private static readonly List<JsonElement> s_panels = [.. s_dashboard.GetProperty("panels").EnumerateArray()];

    [Theory]
    [InlineData(
        "Backend echo requests",
        """sum(rate(echo_requests{app="backend",version="v1"}[1m])) by (kubernetes_pod_name)"""
    )]
    [InlineData(
        "Backend Hubble HTTP requests",
        """sum(rate(hubble_http_requests_total{destination=~"backend/backend-1.*"}[1m])) by (hubble_destination_pod)"""
    )]
    [InlineData(
        "Backend Hubble HTTP responses",
        """sum(rate(hubble_http_responses_total{source=~"backend/backend-1.*"}[1m])) by (hubble_source_pod, status)"""
    )]
    public void The_three_graphs_have_the_queries_of_cil_14268_and_the_document_names_them(string title, string query)
    {
        QueryOf(title).ShouldBe(query);
        Repository.Read("docs", "prometheus.md").ShouldContain(query);
    }

    [Fact]
    public void The_verdict_is_the_labs_own_metric_with_a_word_for_each_value()
    {
        var verdict = s_panels.Single(p => p.GetProperty("title").GetString() == "Verdict");

        RunMetrics.Gauges.Select(g => g.PrometheusName).ShouldContain(QueryOf("Verdict"));
        var words = verdict
            .GetProperty("fieldConfig")
            .GetProperty("defaults")
            .GetProperty("mappings")[0]
            .GetProperty("options");
        words
            .EnumerateObject()
            .Select(w => (w.Name, w.Value.GetProperty("text").GetString()))
            .ShouldBe([("0", "Undecided"), ("1", "Even"), ("2", "Skewed")]);
    }

    [Fact]
    public void Panels_have_unique_ids_do_not_overlap_and_use_the_chosen_data_source()
    {
        s_panels.Select(p => p.GetProperty("id").GetInt32()).ShouldBeUnique();
        var cells = s_panels
            .Select(p => p.GetProperty("gridPos"))
            .SelectMany(g =>
                from x in Enumerable.Range(g.GetProperty("x").GetInt32(), g.GetProperty("w").GetInt32())
                from y in Enumerable.Range(g.GetProperty("y").GetInt32(), g.GetProperty("h").GetInt32())
                select (x, y)
            )
            .ToList();
        cells.ShouldBeUnique();
        cells.ShouldAllBe(c => c.x < 24);
        foreach (
            var source in s_panels
                .SelectMany(p => p.GetProperty("targets").EnumerateArray().Append(p))
                .Select(p => p.GetProperty("datasource").GetProperty("uid").GetString())
        )
            source.ShouldBe("${datasource}");
        s_dashboard
            .GetProperty("templating")
            .GetProperty("list")[0]
            .GetProperty("query")
            .GetString()
            .ShouldBe("prometheus");
        // An id from one Grafana would overwrite another dashboard in the next one.
        s_dashboard.TryGetProperty("id", out _).ShouldBeFalse();
    }

    private static string? QueryOf(string title) =>
        s_panels
            .Single(p => p.GetProperty("title").GetString() == title)
            .GetProperty("targets")[0]
            .GetProperty("expr")
            .GetString();
}
