using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.ServiceDefaults;
using static CiliumDebugging.Measurement.Reports.Html.Svg;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>Rates over time: phases as bands, events as vertical lines, one line for each Pod (and status).</summary>
/// <param name="pods">How the Pods look.</param>
internal sealed class LineChart(ReportDocument document, ImmutableDictionary<string, PodStyle> pods)
{
    /// <summary>Most lines of a chart; those with the least load are left out.</summary>
    public const int MaxLines = 24;

    private const double Top = 46,
        Bottom = 26,
        Left = 44;
    private const int Marks = 6;
    private readonly double _end = Math.Max(document.Series.At is [.., var last] ? last : 0, 1e-3);

    public static ImmutableArray<RateLine> Shown(RateChart chart) =>
        [
            .. chart
                .Lines.Where(l => l.Points.Length > 0)
                .OrderByDescending(l => l.Points.Max(p => p.PerSecond))
                .Take(MaxLines)
                .OrderBy(l => l.Pod, StringComparer.Ordinal)
                .ThenBy(l => l.Status),
        ];

    /// <param name="narrow">For a phone: fewer words in the picture.</param>
    public Markup Draw(RateChart chart, bool narrow)
    {
        var (width, height, right) = narrow ? (360.0, 260.0, 8.0) : (960.0, 300.0, 170.0);
        var lines = Shown(chart);
        var highest = lines.Select(l => l.Points.Max(p => p.PerSecond)).DefaultIfEmpty(1).Max();
        var step = Step(highest, 4);
        var top = step * Math.Max(1, Math.Ceiling(highest / step - 1e-9));
        var label = $"{chart.Title}, requests per second over {N(_end)} s";
        var svg = new Svg(width, height, narrow ? "narrow" : "wide", label);
        double X(double at) => Left + Math.Clamp(at / _end, 0, 1) * (width - Left - right);
        double Y(double rate) => height - Bottom - rate / top * (height - Bottom - Top);
        Background(svg, X, width - right, height, narrow);
        for (var value = 0.0; value <= top + step / 2; value += step)
        {
            svg.Line("grid", Left, Y(value), width - right, Y(value));
            svg.Text("muted ytick", Left - 6, Y(value) + 4, N(value), "end");
        }
        foreach (var line in lines)
            Line(svg, chart, line, X, Y);
        if (!narrow)
            EndLabels(svg, lines, width - right + 8, Y);
        return svg.ToMarkup();
    }

    private void Background(Svg svg, Func<double, double> x, double right, double height, bool narrow)
    {
        foreach (var (phase, i) in document.Phases.Select((p, i) => (p, i)))
        {
            var (from, to) = (x(phase.Start), x(phase.Start + phase.Seconds));
            var size = (Width: Math.Max(to - from, 0), Height: height - Bottom - Top);
            if (i % 2 == 0)
                svg.Add(
                    "rect",
                    ("class", "band"),
                    ("x", from),
                    ("y", Top),
                    ("width", size.Width),
                    ("height", size.Height)
                );
            svg.Text("muted", (from + to) / 2, 14, Fit(phase.Name, to - from), "middle", phase.Name);
        }
        var step = Step(_end, narrow ? 4 : 10);
        for (var at = 0.0; at <= _end + 1e-9; at += step)
        {
            svg.Line("grid", x(at), height - Bottom, x(at), height - Bottom + 4);
            var anchor = x(at) > right - 16 ? "end" : "middle";
            svg.Text("muted", x(at), height - 8, $"{N(at)} s", at == 0 ? "start" : anchor);
        }
        foreach (var (e, i) in document.Events.Select((e, i) => (e, i)))
        {
            var at = x(e.At);
            svg.Line("event", at, Top - 12, at, height - Bottom);
            var name = $"{i + 1}: {e.Name}";
            if (narrow)
                svg.Text("muted eventname", at + 5, Top - 8, $"{i + 1}", "start", e.Name);
            else if (at > right * 0.6)
                svg.Text("muted eventname", at - 5, Top - 8, Fit(name, at - Left), "end", e.Name);
            else
                svg.Text("muted eventname", at + 5, Top - 8, Fit(name, right - at), "start", e.Name);
        }
    }

    private void Line(Svg svg, RateChart chart, RateLine line, Func<double, double> x, Func<double, double> y)
    {
        var style = pods[line.Pod];
        var failing = IsFailing(line);
        svg.Add(
            "polyline",
            ("class", $"series {style.Stroke}{(failing ? " failing" : "")}"),
            ("data-chart", chart.Id),
            ("data-pod", line.Pod),
            ("data-status", line.Status),
            ("points", string.Join(' ', line.Points.Select(p => $"{N(x(p.At))},{N(y(p.PerSecond))}")))
        );
        // Marks of different Pods are at different moments, so that lines on top of each other can both be seen.
        var every = Math.Max(1, (double)line.Points.Length / Marks);
        for (var i = every * (0.2 + 0.8 * (style.Index % 4) / 4); i < line.Points.Length; i += every)
        {
            var point = line.Points[(int)i];
            svg.Mark(style.Index, $"mark {style.Fill}", x(point.At), y(point.PerSecond));
        }
    }

    private void EndLabels(Svg svg, ImmutableArray<RateLine> lines, double x, Func<double, double> y)
    {
        const double Height = 16;
        var labels = lines.Select(l => (Line: l, Y: y(l.Last))).OrderBy(l => l.Y).ToList();
        if (labels.Count * Height > y(0) - Top + Height)
            return; // no room: the legend has them all
        for (var i = 1; i < labels.Count; i++)
            labels[i] = labels[i] with { Y = Math.Max(labels[i].Y, labels[i - 1].Y + Height) };
        for (var (i, limit) = (labels.Count - 1, y(0) + 4); i >= 0; i--)
        {
            labels[i] = labels[i] with { Y = Math.Min(labels[i].Y, limit) };
            limit = labels[i].Y - Height;
        }
        foreach (var (line, at) in labels)
        {
            var style = pods[line.Pod];
            svg.Mark(style.Index, $"mark {style.Fill}", x + 4, at);
            var status = line.Status > 0 ? $"{line.Status} " : "";
            var text = Fit($"{line.Last:0.0} {status}{style.Short}", 146);
            svg.Text("endlabel", x + 14, at + 4, text, "start", style.Described);
        }
    }

    /// <summary>Whether the line counts other answers than successes.</summary>
    public static bool IsFailing(RateLine line) =>
        line.Status is > 0 and var status && !ResponseStatus.IsSuccess(status);

    /// <summary>1, 2 or 5 times a power of ten, so that about <paramref name="parts"/> of them make the
    /// whole.</summary>
    private static double Step(double whole, int parts)
    {
        if (!(whole > 0))
            return 1;
        var power = Math.Pow(10, Math.Floor(Math.Log10(whole / parts)));
        return ((double[])[1, 2, 5, 10]).Select(m => m * power).First(s => whole / s <= parts + 1e-9);
    }

    /// <summary>The text, cut to a width in px.</summary>
    public static string Fit(string text, double width)
    {
        var max = (int)(width / 7.4);
        if (text.Length <= max)
            return text;
        return max < 2 ? "" : $"{text[..(max - 1)]}…";
    }
}
