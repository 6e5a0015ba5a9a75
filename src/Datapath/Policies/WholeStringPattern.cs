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
    /// <returns>The pattern; or null and the reason when it is malformed or needs backtracking, which RE2 does not have
    /// either.</returns>
    public static (WholeStringPattern? Pattern, string? Problem) Create(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        if (pattern.Length > MaxLength)
            return (null, $"the pattern is longer than {MaxLength} characters");
        if (!pattern.AsSpan().ContainsAny(s_metacharacters))
            return (new WholeStringPattern(pattern, null), null);
        const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
        try
        {
            // Alone first: a pattern such as "a)|(b" is malformed although it would fit into the group below.
            _ = new Regex(pattern, Options);
            return (new WholeStringPattern(pattern, new Regex($@"\A(?:{pattern})\z", Options)), null);
        }
        catch (ArgumentException exception)
        {
            return (null, exception.Message);
        }
        catch (NotSupportedException)
        {
            const string Reason =
                "the pattern needs backtracking or is too large; lookarounds, backreferences and atomic";
            return (null, $"{Reason} groups are not available in Envoy's RE2 either");
        }
    }
}
