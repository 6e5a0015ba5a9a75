using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using static CiliumDebugging.Measurement.Reports.Html.Markup;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>The sections at the end of the page, on the run as a whole.</summary>
internal static class RunSections
{
    public static Markup Reconciliation(ReportDocument document) =>
        document.Reconciliation.IsEmpty
            ? None
            : Of(
                $"""
                <details><summary>Do client, Hubble and backend counts agree? {Result(
                    document.Reconciles,
                    Headline.Agreement(document)
                )}</summary>
                <div class="scroll"><table><thead><tr><th>what is counted</th><th>first count</th><th>second count</th>
                <th class="n">difference</th><th>why</th></tr></thead><tbody>
                {Each(document.Reconciliation, Line)}</tbody></table></div></details>

                """
            );

    private static Markup Line(ReconciliationInfo line) =>
        Of(
            $"""
            <tr><td>{line.What}</td><td>{line.Left}: {line.LeftCount:0}</td><td>{line.Right}: {line.RightCount:0}</td>
            <td class="n{(
                line.Difference == 0 ? "" : " bad"
            )}">{line.Difference:+0;-0;0}</td><td>{line.Explanation}</td></tr>

            """
        );

    public static Markup Expectations(ReportDocument document) =>
        document.Expectations.IsEmpty
            ? None
            : Of(
                $"""
                <details><summary>{Result(document.Holds, Headline.Checks(document))}</summary>
                <ul>
                {Each(document.Expectations, Expectation)}</ul></details>

                """
            );

    private static Markup Expectation(ExpectationInfo e) =>
        Of(
            $"""
            <li class="{(e.Holds ? "good" : "bad")}">{(
                e.Holds ? "✓" : "✗"
            )} {e.What} <span class="note">({e.Observed})</span></li>

            """
        );

    /// <summary>What is needed to see it again.</summary>
    public static Markup Reproduce(ReportDocument document)
    {
        var command = Headline.Command(document);
        return Of(
            $"""
            <h2>Reproduce</h2>
            {(command.Length == 0 ? None : Of($"<pre><code>{command}</code></pre>\n"))}
            <details><summary>Steps, policies and pods</summary>
            <ol>
            {Each(document.Steps, step => Of($"<li>{step}</li>\n"))}</ol>
            {Each(document.Policies, p => Of($"<h4>{p.File}</h4>\n<pre><code>{p.Yaml}</code></pre>\n"))}
            <div class="scroll"><table><thead><tr><th>namespace</th><th>pod</th><th>node</th></tr></thead><tbody>
            {Each(
                document.Latest.Pods,
                p => Of($"<tr><td>{p.Namespace}</td><td class=\"c\">{p.Name}</td><td class=\"c\">{p.Node}</td></tr>\n")
            )}<tr><td>client</td><td class="c">{document.Cluster.ClientPod}</td>
            <td class="c">{document.Cluster.ClientNode}</td></tr></tbody></table></div></details>

            """
        );
    }

    public static Markup Environment(ReportDocument document) =>
        Of(
            $"""
            <details><summary>Environment and settings</summary>
            <dl class="facts">
            {Fact("scenario", Of($"{document.Scenario.Name}"))}
            {(document.Scenario.Source.Length > 0 ? Fact("described in", Link(document.Scenario.Source)) : None)}
            {Each(Headline.Environment(document), fact => Fact(fact.Name, Of($"{fact.Text}")))}</dl>
            {Settings(document.Cluster)}</details>
            """
        );

    private static Markup Settings(ClusterInfo cluster) =>
        cluster.Settings.IsEmpty
            ? None
            : Of(
                $"""
                <h3>Settings (kube-system/cilium-config)</h3>
                <div class="scroll"><table><tbody>
                {Each(cluster.Settings, s =>
                    Of($"<tr><td class=\"c\"><code>{s.Key}</code></td><td>{s.Value}</td></tr>\n")
                )}
                </tbody></table></div>

                """
            );

    private static Markup Fact(string name, Markup text) => Of($"<dt>{name}</dt><dd>{text}</dd>\n");

    private static Markup Result(bool good, string text) =>
        Of($"<span class=\"{(good ? "good" : "bad")}\">{text}</span>");
}
