using System.Globalization;
using System.Net;
using System.Text;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>A picture being drawn, px; texts are escaped here.</summary>
/// <param name="width">Width of the view box.</param>
/// <param name="height">Height of the view box.</param>
/// <param name="cssClass">CSS class.</param>
/// <param name="label">What the picture shows, for those who do not see it.</param>
internal sealed class Svg(double width, double height, string cssClass, string label)
{
    private readonly StringBuilder _body = new();

    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    public static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>An element without content.</summary>
    public void Add(string element, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        Open(element, attributes);
        _body.Append("/>\n");
    }

    public void Line(string css, double x1, double y1, double x2, double y2) =>
        Add("line", ("class", css), ("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2));

    public void Box(string css, double x, double y, double w, double h) =>
        Add("rect", ("class", css), ("x", x), ("y", y), ("width", w), ("height", h), ("rx", 5));

    /// <summary>A text; <paramref name="anchor"/> is start, middle or end.</summary>
    public void Text(string css, double x, double y, string text, string anchor = "start", string? full = null)
    {
        Open("text", ("class", css), ("x", x), ("y", y), ("text-anchor", anchor));
        _body.Append('>').Append(Escape(text));
        if (full is not null && full != text)
            _body.Append("<title>").Append(Escape(full)).Append("</title>");
        _body.Append("</text>\n");
    }

    /// <summary>A mark whose shape tells lines apart without colour.</summary>
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

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"<svg class=\"{cssClass}\" viewBox=\"0 0 {N(width)} {N(height)}\" role=\"img\" aria-label=\"{Escape(label)}\">\n{_body}</svg>\n"
        );

    private void Open(string element, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        _body.Append('<').Append(element);
        foreach (var (name, value) in attributes)
            _body
                .Append(' ')
                .Append(name)
                .Append("=\"")
                .Append(
                    Escape(
                        value is double number ? N(number) : Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""
                    )
                )
                .Append('"');
    }
}
