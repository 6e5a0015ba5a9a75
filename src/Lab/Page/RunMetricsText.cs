using System.Text;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Lab.Page;

/// <summary>The metrics of a run in Prometheus's text format.</summary>
internal static class RunMetricsText
{
    private static readonly string[] s_labels = ["pod", "node", "status"];

    /// <summary>Answers a scrape, for which the run is evaluated like for an open page.</summary>
    public static Task AnswerAsync(HttpContext context, LiveState live)
    {
        live.Glance();
        context.Response.ContentType = PrometheusText.ContentType;
        return context.Response.WriteAsync(Render(live.State), context.RequestAborted);
    }

    public static string Render(PageState state)
    {
        const string Responses = RunMetrics.PrometheusResponses;
        var text = new StringBuilder().AppendFamily(Responses, "counter", RunMetrics.ResponsesHelp);
        foreach (var (pod, node, status, count) in state.Responses)
            text.AppendSample(Responses, count, s_labels, [pod, node, $"{status}"]);
        foreach (var gauge in RunMetrics.Gauges)
        {
            if (gauge.Value(state) is { } value)
                text.AppendFamily(gauge.PrometheusName, "gauge", gauge.Description)
                    .AppendSample(gauge.PrometheusName, value);
        }
        return text.ToString();
    }
}
