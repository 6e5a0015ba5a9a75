using System.Globalization;

namespace CiliumDebugging.ServiceDefaults.Processes;

/// <summary>
/// Text that another program wrote, for a terminal: control characters could move its cursor, set its title or hide
/// what is written, and characters that change the direction of writing could show it in another order.
/// </summary>
public static class TerminalText
{
    /// <summary>The text with a space for each character that controls a terminal; line feeds and tabs stay.</summary>
    public static string Clean(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Any(c => IsControl(c) && c is not ('\n' or '\t'))
            ? string.Concat(text.Select(c => IsControl(c) && c is not ('\n' or '\t') ? ' ' : c))
            : text;
    }

    /// <summary>The text in one line, without control characters.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="max">Longest text, characters; a longer one ends with an ellipsis.</param>
    public static string OneLine(string text, int max)
    {
        ArgumentNullException.ThrowIfNull(text);
        var line = string.Concat(text.Take(max + 1).Select(c => IsControl(c) ? ' ' : c)).Trim();
        return text.Length <= max ? line : $"{line[..Math.Min(line.Length, max - 1)]}…";
    }

    /// <summary>Control characters (Cc: C0, DEL, C1), format characters (Cf: bidirectional controls, zero width, byte
    /// order mark), and separators of lines and paragraphs.</summary>
    private static bool IsControl(char c) =>
        char.GetUnicodeCategory(c)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;
}
