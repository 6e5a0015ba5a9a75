namespace CiliumDebugging.ServiceDefaults.Processes;

/// <summary>The words of a command line.</summary>
public static class CommandWords
{
    /// <summary>
    /// An option with an empty value, <c>--output=</c>, as two words: a parser that only splits words at <c>=</c> takes
    /// the next word as the value. After <c>--</c> words are what they say.
    /// </summary>
    /// <param name="words">The words as the process got them.</param>
    public static string[] WithEmptyValues(IEnumerable<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        var isOver = false;
        var result = new List<string>();
        foreach (var word in words)
        {
            isOver |= word == "--";
            var isEmpty = !isOver && word.Length > 3 && word.StartsWith("--", StringComparison.Ordinal);
            if (isEmpty && word.IndexOf('=', StringComparison.Ordinal) == word.Length - 1)
                result.AddRange([word[..^1], ""]);
            else
                result.Add(word);
        }
        return [.. result];
    }
}
