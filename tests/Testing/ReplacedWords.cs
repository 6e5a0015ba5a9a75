using System.Text.RegularExpressions;

namespace CiliumDebugging.Testing;

/// <summary>The words of <c>.ci/words</c>, which looks for them in the sources, for what is only written at run
/// time.</summary>
internal static class ReplacedWords
{
    private static readonly (Regex Word, string Instead)[] s_all = [.. Read()];

    /// <summary>Fails where a text has one of them.</summary>
    /// <param name="text">What a user sees.</param>
    /// <param name="where">Where.</param>
    public static void ShouldNotBeIn(string text, string where)
    {
        foreach (var line in text.Split('\n'))
        foreach (var (word, instead) in s_all)
            if (word.Match(line) is { Success: true } found)
                throw new InvalidDataException(
                    $"{where}: '{found.Value}' in '{line.Trim()}'; write instead: {instead}"
                );
    }

    private static IEnumerable<(Regex Word, string Instead)> Read()
    {
        var entries = Repository
            .Read(".ci", "words")
            .Split('\n')
            .SkipWhile(line => line != "words=(")
            .Skip(1)
            .TakeWhile(line => line != ")")
            .Select(line => line.Trim()[1..^1]);
        foreach (var entry in entries)
            yield return (new Regex(entry[..entry.LastIndexOf('|')]), entry[(entry.LastIndexOf('|') + 1)..]);
    }
}
