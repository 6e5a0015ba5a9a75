using System.Globalization;
using System.Text;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>A picture being drawn, px.</summary>
/// <param name="label">What the picture shows, for screen readers; empty for decoration.</param>
internal sealed class Svg(double width, double height, string cssClass, string label)
{
    private readonly StringBuilder _body = new();

    public static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>An element without content.</summary>
    public void Add(string element, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        _body.Append('<').Append(element);
        foreach (var (name, value) in attributes)
        {
            var text = value is double number ? N(number) : value;
            _body.Append(Markup.Of($" {name}=\"{text}\"").Text);
        }
        _body.Append("/>\n");
    }

    public void Line(string css, double x1, double y1, double x2, double y2) =>
        Add("line", ("class", css), ("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2));

    public void Box(string css, double x, double y, double w, double h) =>
        Add("rect", ("class", css), ("x", x), ("y", y), ("width", w), ("height", h), ("rx", 5));

    /// <summary>A text; <paramref name="anchor"/> is start, middle or end; <paramref name="full"/> is its
    /// tooltip.</summary>
    public void Text(string css, double x, double y, string text, string anchor = "start", string? full = null)
    {
        var title = full is null || full == text ? Markup.None : Markup.Of($"<title>{full}</title>");
        var element = Markup.Of(
            $"<text class=\"{css}\" x=\"{N(x)}\" y=\"{N(y)}\" text-anchor=\"{anchor}\">{text}{title}</text>\n"
        );
        _body.Append(element.Text);
    }

    /// <summary>A mark whose shape distinguishes lines without colour.</summary>
    public void Mark(int shape, string css, double x, double y, double size = 4)
    {
        if (shape % 4 == 0)
        {
            Add("circle", ("class", css), ("cx", x), ("cy", y), ("r", size));
            return;
        }
        var (s, t) = (size, size * 1.25);
        (double X, double Y)[] corners = (shape % 4) switch
        {
            1 => [(-s, -s), (s, -s), (s, s), (-s, s)],
            2 => [(0, -t), (t, s), (-t, s)],
            _ => [(0, -t), (t, 0), (0, t), (-t, 0)],
        };
        Add("polygon", ("class", css), ("points", string.Join(' ', corners.Select(c => $"{N(x + c.X)},{N(y + c.Y)}"))));
    }

    public Markup ToMarkup()
    {
        var role =
            label.Length == 0 ? Markup.Of($"aria-hidden=\"true\"") : Markup.Of($"role=\"img\" aria-label=\"{label}\"");
        return Markup.Of(
            $"""
            <svg class="{cssClass}" viewBox="0 0 {N(width)} {N(height)}" {role}>
            {new Markup(_body.ToString())}</svg>

            """
        );
    }
}
