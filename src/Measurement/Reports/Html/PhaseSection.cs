using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using static CiliumDebugging.Measurement.Reports.Html.Markup;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>A phase on the page: its picture, its Pods and what is known of it.</summary>
internal static class PhaseSection
{
    public static Markup Of(ReportDocument document, PhaseInfo phase, ImmutableDictionary<string, PodStyle> pods)
    {
        if (!phase.IsEvaluated)
            return Markup.Of(
                $"""
                <section class="phase"><h3>{Headline.Counts(phase)}</h3>
                <p>{Headline.Between(phase)}</p></section>

                """
            );
        // The path of the last phase is at the top of the page.
        return Markup.Of(
            $"""
            <section class="phase"><h3>{Headline.Counts(phase)}</h3>
            {(ReferenceEquals(phase, document.Latest) ? None : Picture(document, phase, pods))}
            {PodTable(phase)}{Matrix(phase)}
            <dl class="facts">
            {Each(Headline.Facts(phase), fact => Fact(phase, fact.Name, fact.Text))}</dl></section>

            """
        );
    }

    /// <summary>Where the requests of a phase went.</summary>
    public static Markup Path(ReportDocument document, PhaseInfo phase, ImmutableDictionary<string, PodStyle> pods) =>
        phase.IsEvaluated
            ? Markup.Of(
                $"""
                <section id="path"><h3>Path of the requests, phase {phase.Name}</h3>
                {Picture(document, phase, pods)}</section>

                """
            )
            : None;

    private static Markup Picture(ReportDocument document, PhaseInfo phase, ImmutableDictionary<string, PodStyle> pods)
    {
        var picture = new TopologyPicture(document, phase, pods);
        return Markup.Of(
            $"""
            <figure class="topology">
            {picture.Draw(narrow: false)}{picture.Draw(narrow: true)}</figure>
            {(phase.Pods.Any(p => p.ClientProxyErrors > 0) ? ProxyNote(document.Cluster.ClientNode) : None)}
            """
        );
    }

    private static Markup ProxyNote(string node) =>
        Markup.Of(
            $"""
            <p class="note">Dashed with a cross: the proxy on {node} answered 5xx itself;
            the request never reached the pod.</p>
            """
        );

    private static Markup Fact(PhaseInfo phase, string name, string text)
    {
        var css = (name, phase.Delivery.Kind) switch
        {
            ("delivery", "skewed") => "bad",
            ("delivery", "even") => "good",
            ("delivery", _) => "open",
            _ => "",
        };
        return Markup.Of($"<dt>{name}</dt><dd class=\"{css}\">{text}</dd>\n");
    }

    private static Markup PodTable(PhaseInfo phase) =>
        Markup.Of(
            $"""
            <div class="scroll"><table><thead><tr><th>pod</th><th>node</th><th class="n">ok/s</th>
            <th class="n">share of connections</th><th class="n">share of successes</th><th class="n">success rate</th>
            <th class="n">5xx/s attributed to this pod</th><th class="n">echo/s</th><th class="n">Hubble req/s</th>
            <th class="n">Hubble ok/s</th></tr></thead><tbody>
            {Each(phase.Pods, pod => Pod(pod, Math.Max(phase.Seconds, 1e-9)))}{Failures(phase)}</tbody></table></div>
            """
        );

    /// <summary>Failures that name no Pod would be in no row.</summary>
    private static Markup Failures(PhaseInfo phase) =>
        Headline.Failures(phase) is { Length: > 0 } failures
            ? Markup.Of($"<tr><th>failed</th><td class=\"bad\" colspan=\"9\">{failures}</td></tr>\n")
            : None;

    private static Markup Pod(PodInfo pod, double seconds) =>
        Markup.Of(
            $"""
            <tr><td class="c">{pod.Name}</td><td class="c">{pod.Node}{(pod.OnClientNode ? " ← client" : "")}</td>
            <td class="n">{pod.Ok / seconds:0.0}</td><td class="n">{Headline.Of(pod.SelectionShare)}</td>
            <td class="n">{Headline.Of(pod.DeliveryShare)}</td><td class="n">{Headline.Of(pod.SuccessRate)}</td>
            <td class="n">{pod.HubbleServerErrors / seconds:0.0}</td><td class="n">{pod.Echo / seconds:0.0}</td>
            <td class="n">{pod.HubbleRequests / seconds:0.0}</td><td class="n">{pod.HubbleOk / seconds:0.0}</td></tr>

            """
        );

    /// <summary>Chosen Pods by the clients' node, where there is more than one.</summary>
    private static Markup Matrix(PhaseInfo phase) =>
        phase.ClientNodes.Length < 2
            ? None
            : Markup.Of(
                $"""
                <h4>Chosen pods by the clients' node</h4>
                <div class="scroll"><table class="matrix"><thead><tr><th>clients on</th>
                {Each(phase.Pods, p => Markup.Of($"<th class=\"n\">{p.Name}</th>"))}<th>verdict</th></tr></thead><tbody>
                {Each(phase.ClientNodes, row => Row(phase, row))}</tbody></table></div>

                """
            );

    private static Markup Row(PhaseInfo phase, ClientNodeInfo row) =>
        Markup.Of(
            $"""
            <tr><td class="c">{row.Node}</td>
            {Each(phase.Pods, p => Markup.Of($"<td class=\"n\">{row.ByPod.GetValueOrDefault(p.Name)}</td>"))}
            <td title="{row.Verdict.Text}">{row.Verdict.Kind}</td></tr>

            """
        );
}
