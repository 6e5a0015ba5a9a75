using System.Globalization;
using System.Text;

namespace CiliumDebugging.Lab.Page;

/// <summary>The metrics of a run in Prometheus's text format.</summary>
internal static class RunMetricsText
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Answers a scrape; like an open page, it makes the run be evaluated.</summary>
    public static Task AnswerAsync(HttpContext context, LiveState live)
    {
        live.Glance();
        context.Response.ContentType = ContentType;
        return context.Response.WriteAsync(Render(live.State), context.RequestAborted);
    }

    public static string Render(PageState state)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        void Head(string name, string help, string type) => Line($"# HELP {name} {help}\n# TYPE {name} {type}");

        const string responses = RunMetrics.PrometheusResponses;
        Head(responses, RunMetrics.ResponsesHelp, "counter");
        foreach (var r in state.Responses)
            Line($"{responses}{{pod=\"{r.Pod}\",node=\"{r.Node}\",status=\"{r.Status}\"}} {r.Count}");
        foreach (var gauge in RunMetrics.Gauges)
        {
            if (gauge.Value(state) is not { } value)
                continue;
            Head(gauge.PrometheusName, gauge.Description, "gauge");
            Line($"{gauge.PrometheusName} {value}");
        }
        return text.ToString();
    }
}
