namespace CiliumDebugging.Measurement.Counters;

/// <summary>Text that another program wrote and a message quotes: it may be of any length and control a terminal.</summary>
public static class ForeignText
{
    /// <summary>The text in one line, without control characters.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="max">Longest text, characters; a longer one ends with an ellipsis.</param>
    public static string OneLine(string text, int max)
    {
        ArgumentNullException.ThrowIfNull(text);
        var line = string.Concat(text.Take(max + 1).Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return text.Length <= max ? line : $"{line[..Math.Min(line.Length, max - 1)]}…";
    }
}
