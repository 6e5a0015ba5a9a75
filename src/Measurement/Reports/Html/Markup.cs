using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>A piece of a page. <see cref="Of"/> is the one place that escapes: it escapes everything in a template's
/// holes that is not a piece of a page itself.</summary>
internal readonly record struct Markup(string Text)
{
    public static Markup None { get; } = new("");

    public static Markup Of(Template template) => new(template.ToString());

    /// <summary>A piece for each item, one after the other.</summary>
    public static Markup Each<T>(IEnumerable<T> items, Func<T, Markup> piece) =>
        new(string.Concat(items.Select(i => piece(i).Text)));

    /// <summary>A link, or the text alone where it is not a web address.</summary>
    public static Markup Link(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? Of($"""<a href="{uri.AbsoluteUri}" rel="noreferrer">{url}</a>""")
            : Of($"{url}");

    public override string ToString() => Text;

    /// <summary>An interpolated string whose holes are escaped.</summary>
    [InterpolatedStringHandler]
    public readonly struct Template(int literalLength, int formattedCount)
    {
        private readonly StringBuilder _text = new(literalLength + 16 * formattedCount);

        public void AppendLiteral(string literal) => _text.Append(literal);

        public void AppendFormatted(Markup piece) => _text.Append(piece.Text);

        public void AppendFormatted<T>(T value, string? format = null)
        {
            var text = value is IFormattable number
                ? number.ToString(format, CultureInfo.InvariantCulture)
                : value?.ToString() ?? "";
            _text.Append(WebUtility.HtmlEncode(text));
        }

        public override string ToString() => _text.ToString();
    }
}
