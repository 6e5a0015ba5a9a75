using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CiliumDebugging.LoadTest.Attack.Responders;

/// <summary>How the pod that answered is recognised in a response. Forms: <c>header:NAME</c>; <c>json:PATH</c>
/// (property names separated by dots, numbers index arrays); <c>regex:…</c> over the body with a group named
/// <c>pod</c> and optionally <c>node</c> (or one other named group, taken as the pod). The node comes from
/// <c>X-Node</c> unless the rule finds one.</summary>
/// <remarks>Header, JSON and the default allocate nothing per response; a regular expression does.</remarks>
public sealed class ResponderRule
{
    private static readonly SearchValues<byte> s_hostEnd = SearchValues.Create(" \t\r\n,;&\"'<>"u8);

    private readonly string[]? _jsonPath;
    private readonly Regex? _regex;
    private readonly string _podGroup = "pod";
    private readonly bool _readsHost;

    private ResponderRule(
        string text,
        string? podHeader,
        string[]? jsonPath = null,
        Regex? regex = null,
        string podGroup = "pod",
        bool readsHost = false
    )
    {
        Text = text;
        PodHeader = podHeader is null ? [] : Encoding.ASCII.GetBytes(podHeader);
        _jsonPath = jsonPath;
        _regex = regex;
        _podGroup = podGroup;
        _readsHost = readsHost;
    }

    /// <summary>Header X-Pod (and X-Node); without it the token after <c>host=</c> in the body, as other echo servers
    /// write it.</summary>
    public static ResponderRule Default { get; } = new("default", "X-Pod", readsHost: true);

    /// <summary>The rule as it was written.</summary>
    public string Text { get; }

    /// <summary>Name of the header that carries the pod; empty when the rule reads only the body.</summary>
    internal byte[] PodHeader { get; }

    /// <summary>Name of the header that carries the node.</summary>
    internal byte[] NodeHeader { get; } = "X-Node"u8.ToArray();

    /// <summary>True when the body must be kept for this rule (unless a header names the pod).</summary>
    internal bool ReadsBody => _readsHost || _jsonPath is not null || _regex is not null;

    /// <summary>Reads a rule from its written form.</summary>
    /// <returns>The rule and null, or the default and what is wrong with the text.</returns>
    public static (ResponderRule Rule, string? Problem) Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (kind, value) = colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
        const string Expected = "expected default, header:NAME, json:PATH or regex:EXPRESSION with a group (?<pod>…)";
        return kind switch
        {
            "default" when colon < 0 => (Default, null),
            "header" when value.Length > 0 && !value.AsSpan().ContainsAnyExcept(HttpToken.Chars) => (
                new(text, value),
                null
            ),
            "json" when value.Trim('$', '.').Length > 0 => (
                new(text, null, jsonPath: value.TrimStart('$').Trim('.').Split('.')),
                null
            ),
            "regex" when value.Length > 0 => ParseRegex(text, value),
            _ => (Default, $"responder '{text}': {Expected}"),
        };
    }

    private static (ResponderRule Rule, string? Problem) ParseRegex(string text, string pattern)
    {
        try
        {
            // Linear time for any response.
            var regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            var named = regex.GetGroupNames().Where(name => !char.IsAsciiDigit(name[0])).ToArray();
            var pod = named.Contains("pod") ? "pod" : named.FirstOrDefault(name => name != "node");
            return pod is null
                ? (Default, $"responder '{text}': a named group must match the pod, e.g. regex:host=(?<pod>\\S+)")
                : (new ResponderRule(text, null, regex: regex, podGroup: pod), null);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return (Default, $"responder '{text}': {e.Message}");
        }
    }

    /// <summary>Finds pod and node in a (possibly cut) body; leaves what is not found as it was.</summary>
    internal void ReadBody(ReadOnlySpan<byte> body, ResponderNames names, ref string? pod, ref string? node)
    {
        if (_readsHost)
        {
            var at = body.IndexOf("host="u8);
            if (at < 0)
                return;
            var rest = body[(at + 5)..];
            var end = rest.IndexOfAny(s_hostEnd);
            pod = names.Get(end < 0 ? rest : rest[..end]);
        }
        else if (_jsonPath is not null)
        {
            pod = ReadJson(body, _jsonPath, names) ?? pod;
        }
        else if (_regex?.Match(TextOf(body)) is { Success: true } match)
        {
            pod = names.Get(match.Groups[_podGroup].ValueSpan) ?? pod;
            node = names.Get(match.Groups["node"].ValueSpan) ?? node;
        }
    }

    private static string TextOf(ReadOnlySpan<byte> body)
    {
        var chars = new char[body.Length];
        return new string(chars, 0, ResponderNames.Decode(body, chars, mayBeCut: true));
    }

    private static string? ReadJson(ReadOnlySpan<byte> body, string[] path, ResponderNames names)
    {
        var reader = new Utf8JsonReader(body);
        try
        {
            if (!reader.Read())
                return null;
            foreach (var step in path)
            {
                if (!Enter(ref reader, step))
                    return null;
            }
            return reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number) ? null
                : reader.ValueIsEscaped ? Unescape(reader, names)
                : names.Get(reader.ValueSpan);
        }
        // The second: an escaped half of a character, in a name of a property, too.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A text with escapes (RFC 8259 §7), of which one character has six bytes at most.</summary>
    private static string? Unescape(in Utf8JsonReader reader, ResponderNames names)
    {
        Span<char> chars = stackalloc char[6 * ResponderNames.MaxLength];
        return reader.ValueSpan.Length > chars.Length ? null : names.Get(chars[..reader.CopyString(chars)]);
    }

    private static bool Enter(ref Utf8JsonReader reader, string step)
    {
        if (reader.TokenType is JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var found = reader.ValueTextEquals(step);
                if (!reader.Read())
                    return false;
                if (found)
                    return true;
                reader.Skip();
            }
            return false;
        }
        if (reader.TokenType is not JsonTokenType.StartArray || !int.TryParse(step, out var index))
            return false;
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (index-- == 0)
                return true;
            reader.Skip();
        }
        return false;
    }
}
