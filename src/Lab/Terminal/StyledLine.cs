using System.Text;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>
/// One line of a terminal, never wider than the terminal: what does not fit ends in an ellipsis. Names are not broken
/// over lines.
/// </summary>
/// <param name="width">Columns of the terminal.</param>
internal sealed class StyledLine(int width)
{
    private readonly StringBuilder _markup = new();

    /// <summary>Columns used so far.</summary>
    public int Length { get; private set; }

    /// <summary>Adds text in a style of Spectre's; null: the default one.</summary>
    public StyledLine Add(string text, string? style = null)
    {
        var shown = Fit(text, width - Length);
        Length += shown.Length;
        _markup.Append(
            style is null || shown.Length == 0 ? Markup.Escape(shown) : $"[{style}]{Markup.Escape(shown)}[/]"
        );
        return this;
    }

    /// <summary>Fills up to a column with spaces.</summary>
    public StyledLine PadTo(int column) => Add(new string(' ', Math.Max(0, column - Length)));

    /// <summary>Adds text at the right end, if there is room for it.</summary>
    public StyledLine AddRight(string text, string? style = null) =>
        text.Length + 1 > width - Length ? this : PadTo(width - text.Length).Add(text, style);

    /// <summary>The line as Spectre's markup.</summary>
    public override string ToString() => _markup.ToString();

    /// <summary>A text of at most the given number of columns.</summary>
    public static string Fit(string text, int columns)
    {
        if (text.Length <= columns)
            return text;
        return columns <= 0 ? "" : $"{text[..(columns - 1)]}…";
    }

    /// <summary>A text broken between words; what does not fit into the lines ends in an ellipsis.</summary>
    /// <param name="text">The text.</param>
    /// <param name="columns">Columns of each line.</param>
    /// <param name="maxLines">Maximum number of lines.</param>
    public static IEnumerable<string> Wrap(string text, int columns, int maxLines)
    {
        for (var line = 1; text.Length > columns && line < maxLines; line++)
        {
            var end = text.LastIndexOf(' ', columns);
            if (end <= 0)
                break;
            yield return text[..end];
            text = text[(end + 1)..];
        }
        yield return Fit(text, columns);
    }

    /// <summary>A bar of blocks.</summary>
    /// <param name="part">0 to 1.</param>
    /// <param name="columns">Columns of the whole bar.</param>
    public static string Bar(double part, int columns)
    {
        var full = (int)Math.Round(Math.Clamp(double.IsNaN(part) ? 0 : part, 0, 1) * columns);
        return new string('█', full) + new string('░', columns - full);
    }
}
