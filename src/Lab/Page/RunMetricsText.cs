using System.Globalization;
using System.Text;

namespace CiliumDebugging.Lab.Page;

/// <summary>The quantities of a run in Prometheus's text format.</summary>
internal static class RunMetricsText
{
    /// <summary>Media type of the format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Answers a scrape, for which the run is judged like for an open page.</summary>
    public static Task AnswerAsync(HttpContext context, LiveState feed)
    {
        feed.Glance();
        context.Response.ContentType = ContentType;
        return context.Response.WriteAsync(Render(feed.State), context.RequestAborted);
    }

    public static string Render(PageState state)
    {
        var text = new StringBuilder();
        Head(text, RunMetrics.PrometheusResponses, RunMetrics.ResponsesHelp, "counter");
        foreach (var count in state.Responses)
            text.Append(
                CultureInfo.InvariantCulture,
                $"{RunMetrics.PrometheusResponses}{{pod=\"{count.Pod}\",node=\"{count.Node}\",status=\"{count.Status}\"}} {count.Count}\n"
            );
        foreach (RunQuantity gauge in RunMetrics.Gauges)
        {
            if (gauge.Value(state) is not { } value)
                continue;
            Head(text, gauge.PrometheusName, gauge.Description, "gauge");
            text.Append(CultureInfo.InvariantCulture, $"{gauge.PrometheusName} {value}\n");
        }
        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, string help, string type) =>
        text.Append("# HELP ")
            .Append(name)
            .Append(' ')
            .Append(help)
            .Append("\n# TYPE ")
            .Append(name)
            .Append(' ')
            .Append(type)
            .Append('\n');
}
