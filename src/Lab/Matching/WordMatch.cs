using System.Collections.Immutable;
using System.Text.RegularExpressions;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Matching;

/// <summary>
/// Finds words in what scenarios say of themselves. A word counts the more, the fewer scenarios have it; its endings do
/// not count.
/// </summary>
internal sealed partial class WordMatch
{
    private readonly Dictionary<string, HashSet<string>> _stems;

    /// <summary>Learns which words the scenarios have.</summary>
    public WordMatch(IReadOnlyList<Scenario> catalogue) =>
        _stems = catalogue.ToDictionary(s => s.Name, s => WordsOf(TextOf(s)).Select(Stem).ToHashSet());

    private static string TextOf(Scenario scenario)
    {
        var (symptom, mechanism, _, _) = scenario.Synopsis;
        var expected = scenario.Expect.Select(e => $"{e.Diagnosis} {e.FailureStatus}");
        return $"{scenario.Name} {scenario.Title} {symptom} {mechanism} {string.Join(' ', expected)}";
    }

    /// <summary>Which of the given words a scenario has, and how much of what all scenarios know of them: 0 to 1.</summary>
    public (ImmutableArray<string> Shared, double Fit) Compare(string words, Scenario scenario)
    {
        var known = WordsOf(words).DistinctBy(Stem).Where(w => Weight(w) > 0).ToList();
        ImmutableArray<string> shared = [.. known.Where(w => _stems[scenario.Name].Contains(Stem(w)))];
        return (shared, shared.IsEmpty ? 0 : shared.Sum(Weight) / known.Sum(Weight));
    }

    /// <summary>The logarithm of how rare a word is; 0 where all scenarios have it, or none.</summary>
    private double Weight(string word)
    {
        var stem = Stem(word);
        var having = _stems.Values.Count(s => s.Contains(stem));
        return having == 0 ? 0 : Math.Log((double)_stems.Count / having);
    }

    private static IEnumerable<string> WordsOf(string text) =>
        Word().Matches(text.ToLowerInvariant()).Select(m => m.Value).Except(s_common);

    /// <summary>Words of every sentence, which say nothing of a symptom.</summary>
    private static readonly string[] s_common =
    [
        .. "a an the of to in on at by for and or is are was be it its that this with my our your".Split(' '),
    ];

    private static string Stem(string word)
    {
        foreach (var ending in (string[])["ies", "ing", "es", "ed", "s"])
            if (word.Length > ending.Length + 2 && word.EndsWith(ending, StringComparison.Ordinal))
                return word[..^ending.Length].TrimEnd('e');
        return word.Length > 3 ? word.TrimEnd('e') : word;
    }

    [GeneratedRegex(@"[a-z0-9]+(?:\.[0-9]+)*")]
    private static partial Regex Word();
}
