using System.Collections.Immutable;
using System.Text;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using static CiliumDebugging.Measurement.Reports.Html.Markup;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary><c>report.html</c>: one file without scripts, fonts or pictures from elsewhere; its content security policy
/// forbids them. Light and dark, on paper and on a phone.</summary>
public static class HtmlReport
{
    private static readonly Lazy<Markup> s_style = new(() =>
    {
        using var css = typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(css, Encoding.UTF8);
        return new Markup(reader.ReadToEnd());
    });

    public static string Write(ReportDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var pods = PodStyles.Of(document);
        return Of(
            $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy"
              content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <link rel="icon" href="data:,"><title>{document.Scenario.Name}: {Headline.Title(document)}</title>
            <style>
            {s_style.Value}</style></head><body>
            {(
                document.Cluster.Notice.Length == 0
                    ? None
                    : Of($"<p class=\"emulated\">{document.Cluster.Notice}.</p>\n")
            )}
            <header><h1>{Headline.Title(document)}</h1>
            <p class="note">Scenario {document.Scenario.Name}: {document.Scenario.Title}</p>
            <p class="verdict {Headline.Colour(document)}">{Headline.Of(document)}</p></header>
            {DiagnosisSections.Quality(document.Quality)}
            <h2>What happened</h2>
            <ol class="story">
            {Each(Headline.Story(document), m => Of($"<li><time>{m.Clock}</time> {m.Text}</li>\n"))}</ol>
            {Charts(document, pods)}{PhaseSection.Path(document, document.Latest, pods)}
            {DiagnosisSections.Diagnosis(document.Diagnosis)}{RunSections.Reproduce(document)}
            {Details("Hubble's counts over time", MoreCharts(document, pods))}
            {Details(
                "What was measured, phase by phase",
                Each(document.Phases, phase => PhaseSection.Of(document, phase, pods))
            )}
            {RunSections.Reconciliation(document)}{RunSections.Expectations(document)}
            {RunSections.Environment(document)}</body></html>

            """
        ).Text;
    }

    /// <summary>A part that is opened by a click; nothing where it is empty.</summary>
    internal static Markup Details(string title, Markup body) =>
        body.Text.Length == 0 ? None : Of($"<details><summary>{title}</summary>\n{body}</details>\n");

    /// <summary>What the backends counted, with the events.</summary>
    private static Markup Charts(ReportDocument document, ImmutableDictionary<string, PodStyle> pods)
    {
        if (document.Series.At.Length < 2)
            return None;
        var chart = new LineChart(document, pods);
        var events = Each(document.Events, e =>
            Of($"<li>{e.Name} at {e.At:0.0} s ({Headline.Clock(document, e.At)} UTC)</li>\n")
        );
        return Of(
            $"""
            {(document.Events.IsEmpty ? None : Of($"<ol class=\"events\">\n{events}</ol>"))}
            {Each(Rates.Charts(document).Take(1), one => Chart(chart, one, pods))}
            <p class="note">Requests per second, over the {Rates.WindowSeconds(document):0.#} s before each point.
            Bands are phases.</p>
            {(document.Series.Missed == 0 ? None : Missed(document.Series.Missed))}
            """
        );
    }

    private static Markup MoreCharts(ReportDocument document, ImmutableDictionary<string, PodStyle> pods)
    {
        if (document.Series.At.Length < 2)
            return None;
        var chart = new LineChart(document, pods);
        return Each(Rates.Charts(document).Skip(1), one => Chart(chart, one, pods));
    }

    private static Markup Missed(int samples) => Of($"<p class=\"note\">{samples} samples could not be taken.</p>\n");

    private static Markup Chart(LineChart chart, RateChart rates, ImmutableDictionary<string, PodStyle> pods)
    {
        var shown = LineChart.Shown(rates);
        var hidden = rates.Lines.Count(l => l.Points.Length > 0) - shown.Length;
        return Of(
            $"""
            <section id="{rates.Id}"><h3>{rates.Title}</h3>
            <p class="query">{rates.Query}</p>
            <figure>
            {chart.Draw(rates, narrow: false)}{chart.Draw(rates, narrow: true)}<ul class="legend">
            {Each(shown, line => Legend(line, pods[line.Pod]))}
            {(hidden > 0 ? Of($"<li>{hidden} lines with less load are not shown</li>\n") : None)}</ul>
            </figure></section>

            """
        );
    }

    private static Markup Legend(RateLine line, PodStyle style)
    {
        var key = new Svg(34, 12, "", label: "");
        key.Line($"series {style.Stroke}{(LineChart.IsFailing(line) ? " failing" : "")}", 0, 6, 34, 6);
        key.Mark(style.Index, $"mark {style.Fill}", 17, 6);
        var status = line.Status > 0 ? $"{line.Status} " : "";
        return Of($"<li>{key.ToMarkup()}{status}{style.Described}: <b>{line.Last:0.0}/s</b> at the end</li>\n");
    }
}
