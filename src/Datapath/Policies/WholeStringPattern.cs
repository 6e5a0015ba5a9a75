using System.Buffers;
using System.Text.RegularExpressions;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>A regular expression that must match a whole string, as Envoy's safe_regex does. Matching takes time linear
/// in the string.</summary>
public sealed class WholeStringPattern
{
    /// <summary>The longest pattern that is accepted, in characters.</summary>
    public const int MaxLength = 1024;

    private static readonly SearchValues<char> s_metacharacters = SearchValues.Create("\\.+*?()|[]{}^$");

    private readonly Regex? _regex;

    private WholeStringPattern(string pattern, Regex? regex) => (Pattern, _regex) = (pattern, regex);

    /// <summary>The pattern as the policy writes it.</summary>
    public string Pattern { get; }

    /// <summary>Whether the whole of <paramref name="text"/> matches.</summary>
    public bool Matches(string text) => _regex is null ? text == Pattern : _regex.IsMatch(text);

    /// <summary>Compiles a pattern.</summary>
    /// <returns>Null, with the reason, when the pattern is malformed or needs backtracking (RE2 has no lookarounds or
    /// backreferences either).</returns>
    public static WholeStringPattern? TryCreate(string pattern, out string? error)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        error = null;
        if (pattern.Length > MaxLength)
        {
            error = $"the pattern is longer than {MaxLength} characters";
            return null;
        }
        if (!pattern.AsSpan().ContainsAny(s_metacharacters))
            return new WholeStringPattern(pattern, null);
        const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
        try
        {
            // Alone first: a pattern such as "a)|(b" is malformed although it would fit into the group below.
            _ = new Regex(pattern, Options);
            return new WholeStringPattern(pattern, new Regex($@"\A(?:{pattern})\z", Options));
        }
        catch (ArgumentException exception)
        {
            error = exception.Message;
        }
        catch (NotSupportedException)
        {
            error =
                "the pattern needs backtracking or is too large; lookarounds, backreferences and atomic groups are not available in Envoy's RE2 either";
        }
        return null;
    }
}
