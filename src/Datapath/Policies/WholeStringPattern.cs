using System.Buffers;
using System.Text.RegularExpressions;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>A regular expression in RE2's syntax that must match a whole string, as Envoy's safe_regex does. Matching
/// takes time linear in the string.</summary>
public sealed class WholeStringPattern
{
    /// <summary>The longest pattern that the lab evaluates, in characters.</summary>
    public const int MaxLength = 16_384;

    private const string TooLarge = "recognised but not evaluated here: the regular expression is too large";

    private static readonly SearchValues<char> s_metacharacters = SearchValues.Create("\\.+*?()|[]{}^$");

    /// <summary>One of them must match; none: the pattern is a text.</summary>
    private readonly Regex[] _alternatives;

    private WholeStringPattern(string pattern, Regex[] alternatives) =>
        (Pattern, _alternatives) = (pattern, alternatives);

    /// <summary>The pattern as the policy writes it.</summary>
    public string Pattern { get; }

    /// <summary>Whether the whole of <paramref name="text"/> matches.</summary>
    public bool Matches(string text)
    {
        foreach (Regex alternative in _alternatives)
        {
            if (alternative.IsMatch(text))
                return true;
        }
        return _alternatives.Length == 0 && text == Pattern;
    }

    /// <summary>Compiles a pattern.</summary>
    /// <returns>The pattern; or null and the reason: what Cilium finds wrong, or that the lab cannot evaluate
    /// it.</returns>
    public static (WholeStringPattern? Pattern, string? Problem) Create(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        if (!pattern.AsSpan().ContainsAny(s_metacharacters))
            return (new WholeStringPattern(pattern, []), null);
        if (pattern.Length > MaxLength)
            return (null, TooLarge);
        (IReadOnlyList<string>? alternatives, string? problem) = Re2Translation.Of(pattern);
        if (alternatives is null)
            return (null, $"not a regular expression of Cilium: {problem}");
        // .NET limits the size of each.
        return Compile([string.Join('|', alternatives)]) is { } whole ? (new WholeStringPattern(pattern, whole), null)
            : Compile(alternatives) is { } several ? (new WholeStringPattern(pattern, several), null)
            : (null, TooLarge);
    }

    private static Regex[]? Compile(IReadOnlyList<string> alternatives)
    {
        const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
        try
        {
            return [.. alternatives.Select(a => new Regex($@"\A(?:{a})\z", Options))];
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }
}
