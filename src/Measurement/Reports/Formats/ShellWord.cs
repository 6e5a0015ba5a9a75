namespace CiliumDebugging.Measurement.Reports.Formats;

/// <summary>A word of a command line that a shell reads as it is.</summary>
public static class ShellWord
{
    /// <summary>The word, in single quotes where it has characters that mean something to a shell.</summary>
    public static string Of(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        return word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,@%+".Contains(c))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }
}
