using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CiliumDebugging.Measurement.Reports.Formats;

/// <summary>Escapes text that was not written as Markdown: names, settings, answers.</summary>
public static partial class Md
{
    /// <summary>Plain text, also in a table's cell.</summary>
    public static string Text(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        var before = ' ';
        foreach (var c in OneLine(text))
        {
            if (c is '\\' or '`' or '*' or '_' or '[' or ']' or '<' or '>' or '|' or '~')
                escaped.Append('\\');
            escaped.Append(c);
            // @name and #1 would notify people and link issues of whatever repository this is pasted into.
            if (c is '@' or '#' && !char.IsLetterOrDigit(before))
                escaped.Append("<!-- -->");
            before = c;
        }
        return escaped.ToString();
    }

    /// <summary>A code span, also in a table's cell.</summary>
    public static string Code(string text)
    {
        var line = OneLine(text).Replace("|", "\\|", StringComparison.Ordinal);
        if (line.Length == 0)
            return "";
        var ticks = new string('`', LongestRun(line) + 1);
        return line[0] == '`' || line[^1] == '`' ? $"{ticks} {line} {ticks}" : ticks + line + ticks;
    }

    /// <summary>A fenced block; the fence is longer than any in the text.</summary>
    public static string Fenced(string text, string language = "text")
    {
        var fence = new string('`', Math.Max(3, LongestRun(text) + 1));
        return $"{fence}{language}\n{text.TrimEnd('\n')}\n{fence}\n";
    }

    /// <summary>A link that is a bare URL, or text when it is none.</summary>
    public static string Link(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? $"<{uri.AbsoluteUri}>"
            : Text(url);

    private static int LongestRun(string text) => Ticks().Matches(text).Select(m => m.Length).DefaultIfEmpty(0).Max();

    private static string OneLine(string text) => Controls().Replace(text, " ");

    [GeneratedRegex("`+")]
    private static partial Regex Ticks();

    [GeneratedRegex(@"[\p{Cc}\u2028\u2029]+")]
    private static partial Regex Controls();
}
