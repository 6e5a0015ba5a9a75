using System.Globalization;

namespace CiliumDebugging.ServiceDefaults.Processes;

/// <summary>Text that is printed to be pasted into a shell.</summary>
public static class ShellText
{
    /// <summary>
    /// One word of a command line, whatever the text contains: quoted where a POSIX shell would change it, and
    /// <c>$'…'</c> (bash, zsh, POSIX.1-2024) where it has control characters.
    /// </summary>
    public static string Quote(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+:,@%".Contains(c)))
            return text;
        if (!text.Any(char.IsControl))
            return $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
        var escaped = text.Select(c =>
            c is '\'' or '\\' ? $@"\{c}"
            : char.IsControl(c) ? string.Create(CultureInfo.InvariantCulture, $@"\u{(int)c:x4}")
            : $"{c}"
        );
        return $"$'{string.Concat(escaped)}'";
    }
}
