using System.Text;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using static CiliumDebugging.Measurement.Reports.Formats.Md;
using static CiliumDebugging.Measurement.Reports.Html.Svg;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>The parts of the page that are words and tables.</summary>
internal static class HtmlSections
{
    public static void Diagnosis(StringBuilder html, DiagnosisInfo diagnosis)
    {
        html.Append(
            F(
                $"<section id=\"diagnosis\" class=\"panel\"><h2>Diagnosis: {Escape(diagnosis.Name)}</h2>\n<p>{Escape(diagnosis.Sentence)}</p>\n"
            )
        );
        if (diagnosis.Hop.Length > 0)
            html.Append(F($"<p>Where: {Escape(diagnosis.Hop)}.</p>\n"));
        List(html, "What supports it", diagnosis.Supports.Select(Escape));
        List(html, "What would refute it", diagnosis.Refutes.Select(Escape));
        List(html, "What helps", diagnosis.Remedies.Select(Escape));
        List(html, "Read on", diagnosis.Links.Select(Link));
        html.Append("</section>\n");
    }

    public static void PodTable(StringBuilder html, PhaseInfo phase)
    {
        html.Append(
            "<div class=\"scroll\"><table><thead><tr><th>pod</th><th>node</th><th class=\"n\">2xx/s</th><th class=\"n\">share of connections</th><th class=\"n\">share of 2xx</th><th class=\"n\">success rate</th><th class=\"n\">5xx in its name/s</th><th class=\"n\">echo/s</th><th class=\"n\">Hubble req/s</th><th class=\"n\">Hubble 2xx/s</th></tr></thead><tbody>\n"
        );
        var seconds = Math.Max(phase.Seconds, 1e-9);
        foreach (var pod in phase.Pods)
            html.Append(
                F(
                    $"<tr><td class=\"c\">{Escape(pod.Name)}</td><td class=\"c\">{Escape(pod.Node)}{(pod.OnClientNode ? " ← client" : "")}</td><td class=\"n\">{pod.Ok / seconds:0.0}</td><td class=\"n\">{Headline.Of(pod.SelectionShare)}</td><td class=\"n\">{Headline.Of(pod.DeliveryShare)}</td><td class=\"n\">{Headline.Of(pod.SuccessRate)}</td><td class=\"n\">{pod.HubbleServerErrors / seconds:0.0}</td><td class=\"n\">{pod.Echo / seconds:0.0}</td><td class=\"n\">{pod.HubbleRequests / seconds:0.0}</td><td class=\"n\">{pod.HubbleOk / seconds:0.0}</td></tr>\n"
                )
            );
        html.Append("</tbody></table></div>\n");
    }

    /// <summary>Chosen Pods by the clients' node, where there is more than one.</summary>
    public static void Matrix(StringBuilder html, PhaseInfo phase)
    {
        if (phase.ClientNodes.Length < 2)
            return;
        html.Append(
            F(
                $"<h4>Chosen pods by the clients' node</h4>\n<div class=\"scroll\"><table class=\"matrix\"><thead><tr><th>clients on</th>{string.Concat(phase.Pods.Select(p => F($"<th class=\"n\">{Escape(p.Name)}</th>")))}<th>verdict</th></tr></thead><tbody>\n"
            )
        );
        foreach (var row in phase.ClientNodes)
            html.Append(
                F(
                    $"<tr><td class=\"c\">{Escape(row.Node)}</td>{string.Concat(phase.Pods.Select(p => F($"<td class=\"n\">{row.ByPod.GetValueOrDefault(p.Name)}</td>")))}<td title=\"{Escape(row.Verdict.Text)}\">{Escape(row.Verdict.Kind)}</td></tr>\n"
                )
            );
        html.Append("</tbody></table></div>\n");
    }

    /// <summary>What the quality gate found.</summary>
    public static void Quality(StringBuilder html, ReportDocument document)
    {
        if (document.Quality.IsEmpty)
            return;
        html.Append(
            F(
                $"<section class=\"panel\"><h2>Quality of the counters: {(document.Quality.Any(q => q.Fails) ? "<span class=\"bad\">no verdict</span>" : "<span class=\"good\">sound</span>")}</h2>\n<ul>\n"
            )
        );
        foreach (var finding in document.Quality)
            html.Append(F($"<li{(finding.Fails ? " class=\"bad\"" : "")}>{Escape(finding.Text)}</li>\n"));
        html.Append("</ul></section>\n");
    }

    public static void Reconciliation(StringBuilder html, ReportDocument document)
    {
        if (document.Reconciliation.IsEmpty)
            return;
        html.Append(
            F(
                $"<h2>Do the three views agree? {(document.Reconciles ? "<span class=\"good\">Exactly.</span>" : "<span class=\"bad\">Not everywhere.</span>")}</h2>\n"
            )
        );
        html.Append(
            "<div class=\"scroll\"><table><thead><tr><th>count</th><th>one view</th><th>other view</th><th class=\"n\">difference</th><th>why</th></tr></thead><tbody>\n"
        );
        foreach (var line in document.Reconciliation)
            html.Append(
                F(
                    $"<tr><td>{Escape(line.What)}</td><td>{Escape(line.Left)}: {line.LeftCount:0}</td><td>{Escape(line.Right)}: {line.RightCount:0}</td><td class=\"n{(line.Difference == 0 ? "" : " bad")}\">{line.Difference:+0;-0;0}</td><td>{Escape(line.Explanation)}</td></tr>\n"
                )
            );
        html.Append("</tbody></table></div>\n");
    }

    public static void Expectations(StringBuilder html, ReportDocument document)
    {
        if (document.Expectations.IsEmpty)
            return;
        html.Append(
            F(
                $"<h2>Expectation of scenario {Escape(document.Scenario.Name)}: {(document.Holds ? "<span class=\"good\">holds</span>" : "<span class=\"bad\">does not hold</span>")}</h2>\n<ul>\n"
            )
        );
        foreach (var e in document.Expectations)
            html.Append(
                F(
                    $"<li class=\"{(e.Holds ? "good" : "bad")}\">{(e.Holds ? "✓" : "✗")} {Escape(e.What)} <span class=\"note\">({Escape(e.Observed)})</span></li>\n"
                )
            );
        html.Append("</ul>\n");
    }

    public static void Environment(StringBuilder html, ReportDocument document)
    {
        html.Append("<h2>Environment and steps</h2>\n<dl class=\"facts\">\n");
        void Fact(string name, string text) => html.Append(F($"<dt>{name}</dt><dd>{text}</dd>\n"));
        Fact("scenario", Escape(document.Scenario.Name));
        if (document.Scenario.Source.Length > 0)
            Fact("described in", Link(document.Scenario.Source));
        Fact("Cilium", Escape(document.Cluster.CiliumVersion ?? "version unknown"));
        if (document.Cluster.Kubernetes is { } kubernetes)
            Fact(
                "Kubernetes",
                Escape(string.Join("; ", document.Cluster.Nodes.Select(n => n.ToString()).Prepend(kubernetes)))
            );
        Fact("lab", Escape($"cilium-debugging {document.Environment.Lab}, {document.Environment.Runtime}"));
        Fact("system", Escape($"{document.Environment.System}, {document.Environment.Processors} processors"));
        Fact("started", F($"{document.StartedAt:yyyy-MM-dd HH:mm:ss} UTC"));
        Fact(
            "load",
            Escape(
                document.Load.Url.Length == 0
                    ? F(
                        $"none made; about {document.Load.RatePerSecond:0.##} requests/s seen, most of them from {document.Cluster.ClientNode} ({document.Cluster.ClientPod})"
                    )
                    : F(
                        $"{document.Load.Method} {document.Load.Url}, {document.Load.RatePerSecond:0.##} requests/s, from {document.Cluster.ClientPod} on {document.Cluster.ClientNode}"
                    )
            )
        );
        html.Append("</dl>\n<ol>\n");
        foreach (var step in document.Steps)
            html.Append(F($"<li>{Escape(step)}</li>\n"));
        html.Append("</ol>\n");
        if (document.Cluster.Settings.IsEmpty)
            return;
        html.Append("<h3>Settings (kube-system/cilium-config)</h3>\n<div class=\"scroll\"><table><tbody>\n");
        foreach (var (key, value) in document.Cluster.Settings)
            html.Append(F($"<tr><td class=\"c\"><code>{Escape(key)}</code></td><td>{Escape(value)}</td></tr>\n"));
        html.Append("</tbody></table></div>\n");
    }

    private static void List(StringBuilder html, string title, IEnumerable<string> items)
    {
        var lines = items.ToList();
        if (lines.Count == 0)
            return;
        html.Append(F($"<h4>{title}</h4>\n<ul>\n"));
        foreach (var line in lines)
            html.Append(F($"<li>{line}</li>\n"));
        html.Append("</ul>\n");
    }

    private static string Link(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? F($"<a href=\"{Escape(uri.AbsoluteUri)}\" rel=\"noreferrer\">{Escape(url)}</a>")
            : Escape(url);
}
