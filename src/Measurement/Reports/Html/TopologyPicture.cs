using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>Where the requests of a phase went: nodes, proxies and Pods, with the rate of every edge. The client's node
/// is the last box, across the whole width.</summary>
/// <param name="pods">How the Pods look.</param>
internal sealed class TopologyPicture(
    ReportDocument document,
    PhaseInfo phase,
    ImmutableDictionary<string, PodStyle> pods
)
{
    /// <summary>Most Pods that are drawn.</summary>
    public const int MaxPods = 16;

    private const double Row = 46,
        NodeHead = 22,
        Gap = 10,
        BoxHeight = 34;

    private readonly double _seconds = Math.Max(phase.Seconds, 1e-9);

    private readonly record struct Place(
        double Width,
        double ClientX,
        double ClientWidth,
        double ProxyWidth,
        double PodX,
        double PodWidth
    )
    {
        public static Place Wide { get; } = new(960, 22, 190, 58, 640, 296);
        public static Place Narrow { get; } = new(360, 12, 58, 40, 236, 114);
    }

    public Markup Draw(bool narrow)
    {
        var place = narrow ? Place.Narrow : Place.Wide;
        var shown = phase
            .Pods.OrderByDescending(p => p.OnClientNode)
            .ThenByDescending(p => p.Ok + p.HubbleServerErrors)
            .Take(MaxPods)
            .ToList();
        var remote = shown
            .Where(p => !p.OnClientNode)
            .GroupBy(p => p.Node)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToList();
        var local = shown.Where(p => p.OnClientNode).OrderBy(p => p.Name, StringComparer.Ordinal).ToList();
        double Height(int rows) => NodeHead + Math.Max(1, rows) * Row;
        var more = phase.Pods.Length - shown.Count;
        var total = remote.Sum(g => Height(g.Count()) + Gap) + Height(local.Count) + (more > 0 ? 22 : 4);
        var svg = new Svg(
            place.Width,
            total,
            narrow ? "narrow" : "wide",
            $"{phase.Name}: requests per second from {document.Cluster.ClientPod} to each pod"
        );
        List<(PodInfo Pod, double Y)> targets = [];
        var y = 2.0;
        foreach (var node in remote)
        {
            var left = place.PodX - (phase.HttpRules.Backends ? place.ProxyWidth + 10 : 0) - 10;
            svg.Box("node", left, y, place.Width - 2 - left, Height(node.Count()) - 2);
            svg.Text("muted", left + 8, y + 16, LineChart.Fit(node.Key, place.Width - left - 16), "start", node.Key);
            foreach (var (pod, i) in node.OrderBy(p => p.Name, StringComparer.Ordinal).Select((p, i) => (p, i)))
                targets.Add((pod, y + NodeHead + i * Row + BoxHeight / 2));
            y += Height(node.Count()) + Gap;
        }
        svg.Box("node", 2, y, place.Width - 4, Height(local.Count) - 2);
        var clientNodeLabel = y + 16;
        foreach (var (pod, i) in local.Select((p, i) => (p, i)))
            targets.Add((pod, y + NodeHead + i * Row + BoxHeight / 2));
        var client = y + NodeHead + BoxHeight / 2;
        if (more > 0)
            svg.Text("muted", place.Width - 6, total - 6, $"{more} more pods are not drawn", "end");
        foreach (var (pod, at) in targets)
            Edges(svg, place, pod, client, at, narrow);
        foreach (var (pod, at) in targets)
            Pod(svg, place, pod, at);
        svg.Text("muted halo panel", 12, clientNodeLabel, $"{document.Cluster.ClientNode} (the client's node)");
        Client(svg, place, client, narrow);
        return svg.ToMarkup();
    }

    private void Client(Svg svg, Place place, double y, bool narrow)
    {
        svg.Box("box", place.ClientX, y - BoxHeight / 2, place.ClientWidth, BoxHeight);
        svg.Text(
            "",
            place.ClientX + place.ClientWidth / 2,
            y + 4,
            narrow ? "client" : LineChart.Fit(document.Cluster.ClientPod, place.ClientWidth - 8),
            "middle",
            document.Cluster.ClientPod
        );
        if (!phase.HttpRules.Client)
            return;
        var x = place.ClientX + place.ClientWidth + 8;
        svg.Line("grid", x - 8, y, x, y);
        svg.Box("box proxy", x, y - BoxHeight / 2, place.ProxyWidth, BoxHeight);
        svg.Text("muted", x + place.ProxyWidth / 2, y + 4, "proxy", "middle");
    }

    private void Pod(Svg svg, Place place, PodInfo pod, double y)
    {
        var style = pods[pod.HubbleName];
        if (phase.HttpRules.Backends)
        {
            var x = place.PodX - place.ProxyWidth - 8;
            svg.Box("box proxy", x, y - BoxHeight / 2, place.ProxyWidth, BoxHeight);
            svg.Text("muted", x + place.ProxyWidth / 2, y + 4, "proxy", "middle");
            svg.Line("grid", place.PodX - 8, y, place.PodX, y);
        }
        svg.Box("box", place.PodX, y - BoxHeight / 2, place.PodWidth, BoxHeight);
        svg.Mark(style.Index, $"mark {style.Fill}", place.PodX + 12, y);
        svg.Text(
            "",
            place.PodX + 24,
            y + 4,
            LineChart.Fit(place.PodWidth < 200 ? style.Short : pod.Name, place.PodWidth - 30),
            "start",
            style.Described
        );
    }

    private void Edges(Svg svg, Place place, PodInfo pod, double from, double to, bool narrow)
    {
        var x1 = place.ClientX + place.ClientWidth + (phase.HttpRules.Client ? place.ProxyWidth + 8 : 0);
        var x2 = place.PodX - (phase.HttpRules.Backends ? place.ProxyWidth + 8 : 0);
        var byProxy = pod.ClientProxyErrors / _seconds;
        var (ok, failed) = (pod.Ok / _seconds, pod.Failed / _seconds + byProxy);
        var most = Math.Max(1e-9, phase.Pods.Max(p => (p.Ok + p.Failed + p.ClientProxyErrors) / _seconds));
        var (middle, offset) = ((x1 + x2) / 2, ok > 0 && failed > 0 ? 9.0 : 0);
        string Path(double shift, double end) =>
            $"M{x1:0.#},{from:0.#} C{middle:0.#},{from:0.#} {middle:0.#},{to + shift:0.#} {end:0.#},{to + shift:0.#}";
        if (ok > 0 || failed == 0)
        {
            svg.Add(
                "path",
                ("class", "edge"),
                ("data-pod", pod.HubbleName),
                ("data-ok", $"{ok:0.0}"),
                ("stroke-width", 1 + 4 * ok / most),
                ("d", Path(-offset, x2 - 8))
            );
            svg.Add(
                "polygon",
                ("class", "arrow"),
                (
                    "points",
                    $"{x2 - 9:0.#},{to - offset - 5:0.#} {x2:0.#},{to - offset:0.#} {x2 - 9:0.#},{to - offset + 5:0.#}"
                )
            );
            // On a phone the line on the client's own node is short and others start from it: its number is below.
            svg.Text(
                "halo",
                x2 - 12,
                narrow && Math.Abs(from - to) < 1 && offset == 0 ? to + 19 : to - offset - 7,
                narrow ? $"{ok:0.0}/s" : $"{ok:0.0} ok/s",
                "end"
            );
        }
        if (failed <= 0)
            return;
        var end = x2 - (narrow ? 6 : 12);
        svg.Add(
            "path",
            ("class", "edge fail"),
            ("data-pod", pod.HubbleName),
            ("data-failed", $"{failed:0.0}"),
            ("stroke-width", 1 + 4 * failed / most),
            ("d", Path(offset, end))
        );
        svg.Line("cross", end - 6, to + offset - 6, end + 6, to + offset + 6);
        svg.Line("cross", end - 6, to + offset + 6, end + 6, to + offset - 6);
        svg.Text(
            "fail halo",
            end - 10,
            ok > 0 ? to + offset + 17 : to - 7,
            narrow ? $"{failed:0.0}/s" : $"{failed:0.0} failed/s",
            "end"
        );
    }
}
