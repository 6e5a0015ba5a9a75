using System.Collections.Immutable;
using System.Text;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using static CiliumDebugging.Measurement.Reports.Formats.Md;
using static CiliumDebugging.Measurement.Reports.Html.Svg;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>
/// <c>report.html</c>: one file without scripts, fonts or pictures from elsewhere; its content security policy forbids them. Light and dark, on paper and on a phone.
/// </summary>
public static class HtmlReport
{
    private static readonly Lazy<string> s_style = new(() =>
    {
        using var reader = new StreamReader(
            typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")!,
            Encoding.UTF8
        );
        return reader.ReadToEnd();
    });

    /// <summary>The page.</summary>
    public static string Write(ReportDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var pods = PodStyles.Of(document);
        var html = new StringBuilder();
        html.Append(
            F(
                $"""
                <!doctype html>
                <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
                <link rel="icon" href="data:,"><title>{Escape(
                    $"{document.Scenario.Name}: {document.Diagnosis.Name}"
                )}</title>
                <style>
                {s_style.Value}</style></head><body>
                <header><h1>{Escape(document.Scenario.Title)}</h1>
                <p class="verdict {document.Phases[^1].Delivery.Kind}">{Escape(Headline.Of(document))}</p>

                """
            )
        );
        foreach (var onset in document.Onsets)
            html.Append(F($"<p>{Escape(Headline.Of(onset))}.</p>\n"));
        html.Append("</header>\n");
        HtmlSections.Quality(html, document);
        HtmlSections.Diagnosis(html, document.Diagnosis);
        Charts(html, document, pods);
        html.Append("<h2>Phases</h2>\n");
        foreach (var phase in document.Phases)
            Phase(html, document, phase, pods);
        HtmlSections.Reconciliation(html, document);
        HtmlSections.Expectations(html, document);
        HtmlSections.Environment(html, document);
        return html.Append("</body></html>\n").ToString();
    }

    private static void Charts(StringBuilder html, ReportDocument document, ImmutableDictionary<string, PodStyle> pods)
    {
        if (document.Series.At.Length < 2)
            return;
        var chart = new LineChart(document, pods);
        html.Append(
            F(
                $"<h2>Over time</h2>\n<p class=\"note\">Requests per second, over the {Rates.WindowSeconds(document):0.#} s before each point. Bands are phases.</p>\n"
            )
        );
        if (document.Events.Length > 0)
        {
            html.Append("<ol class=\"events\">\n");
            foreach (var e in document.Events)
                html.Append(F($"<li>{Escape(e.Name)} at {e.At:0.0} s</li>\n"));
            html.Append("</ol>\n");
        }
        foreach (var one in Rates.Charts(document))
        {
            html.Append(
                F(
                    $"<section id=\"{one.Id}\"><h3>{Escape(one.Title)}</h3>\n<p class=\"query\">{Escape(one.Query)}</p>\n<figure>\n{chart.Draw(one, narrow: false)}{chart.Draw(one, narrow: true)}"
                )
            );
            Legend(html, one, pods);
            html.Append("</figure></section>\n");
        }
        if (document.Series.Missed > 0)
            html.Append(F($"<p class=\"note\">{document.Series.Missed} samples could not be taken.</p>\n"));
    }

    private static void Legend(StringBuilder html, RateChart chart, ImmutableDictionary<string, PodStyle> pods)
    {
        html.Append("<ul class=\"legend\">\n");
        var shown = LineChart.Shown(chart);
        foreach (var line in shown)
        {
            var style = pods[line.Pod];
            var key = new Svg(34, 12, "", "");
            key.Line($"series {style.Stroke}{(LineChart.IsFailing(line) ? " failing" : "")}", 0, 6, 34, 6);
            key.Mark(style.Index, $"mark {style.Fill}", 17, 6);
            html.Append(
                F(
                    $"<li>{key.ToString().Replace("role=\"img\" aria-label=\"\"", "aria-hidden=\"true\"", StringComparison.Ordinal).TrimEnd()}{(line.Status > 0 ? F($"{line.Status} ") : "")}{Escape(style.Described)}: <b>{line.Last:0.0}/s</b> at the end</li>\n"
                )
            );
        }
        if (chart.Lines.Count(l => l.Points.Length > 0) - shown.Length is > 0 and var more)
            html.Append(F($"<li>{more} lines with less load are not shown</li>\n"));
        html.Append("</ul>\n");
    }

    private static void Phase(
        StringBuilder html,
        ReportDocument document,
        PhaseInfo phase,
        ImmutableDictionary<string, PodStyle> pods
    )
    {
        var picture = new TopologyPicture(document, phase, pods);
        html.Append(
            F(
                $"<section class=\"phase\"><h3>{Escape(phase.Name)}: {phase.Seconds:0.#} s, {phase.Requests} requests, {phase.Ok} succeeded, {phase.Failures} failed</h3>\n"
            )
        );
        html.Append(
            F($"<figure class=\"topology\">\n{picture.Draw(narrow: false)}{picture.Draw(narrow: true)}</figure>\n")
        );
        if (phase.Pods.Any(p => p.ClientProxyErrors > 0))
            html.Append(
                F(
                    $"<p class=\"note\">Dashed with a cross: the proxy on {Escape(document.Cluster.ClientNode)} answered 5xx itself; the request never reached the pod.</p>\n"
                )
            );
        HtmlSections.PodTable(html, phase);
        HtmlSections.Matrix(html, phase);
        html.Append("<dl class=\"facts\">\n");
        void Fact(string name, string text, string css = "") =>
            html.Append(F($"<dt>{name}</dt><dd{(css.Length > 0 ? $" class=\"{css}\"" : "")}>{Escape(text)}</dd>\n"));
        if (Headline.Failures(phase) is { Length: > 0 } failures)
            Fact("failures", failures, "bad");
        Fact("success rate", Headline.Of(phase.SuccessRate));
        Fact("selection", $"{phase.Selection.Text} (seen by {phase.SelectionSource})");
        Fact(
            "delivery",
            phase.Delivery.Text,
            phase.Delivery.Kind switch
            {
                "skewed" => "bad",
                "even" => "good",
                _ => "open",
            }
        );
        if (phase.Selection.Measures is { } selection)
            Fact("unevenness of selection", Headline.Of(selection));
        if (phase.Delivery.Measures is { } delivered)
            Fact("unevenness of delivery", Headline.Of(delivered));
        if (phase.Locality is { } locality)
            Fact("locality", Headline.Of(locality));
        if (phase.Latency is { } latency)
            Fact(
                "latency",
                F(
                    $"median {latency.P50.Estimate:0.##} ms, 99 % {latency.P99.Estimate:0.##} ms, longest {latency.MaxMs:0.##} ms"
                )
            );
        Fact("HTTP rules", Headline.Of(phase.HttpRules));
        if (phase.Diagnosis is { } diagnosis)
            Fact("diagnosis", diagnosis.Name);
        html.Append("</dl></section>\n");
    }
}
