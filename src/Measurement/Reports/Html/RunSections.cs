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
                <h2>Do client, Hubble and backend counts agree? {Result(
                    document.Reconciles,
                    Headline.Agreement(document)
                )}</h2>
                <div class="scroll"><table><thead><tr><th>what is counted</th><th>first count</th><th>second count</th>
                <th class="n">difference</th><th>why</th></tr></thead><tbody>
                {Each(document.Reconciliation, Line)}</tbody></table></div>

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
                <h2>Scenario {document.Scenario.Name}: {Result(document.Holds, Headline.Reproduced(document))}</h2>
                <ul>
                {Each(document.Expectations, Expectation)}</ul>

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

    public static Markup Environment(ReportDocument document) =>
        Of(
            $"""
            <h2>Environment and steps</h2>
            <dl class="facts">
            {Fact("scenario", Of($"{document.Scenario.Name}"))}
            {(document.Scenario.Source.Length > 0 ? Fact("described in", Link(document.Scenario.Source)) : None)}
            {Each(Headline.Environment(document), fact => Fact(fact.Name, Of($"{fact.Text}")))}</dl>
            <ol>
            {Each(document.Steps, step => Of($"<li>{step}</li>\n"))}</ol>
            {Settings(document.Cluster)}
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
