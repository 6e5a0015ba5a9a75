using System.Buffers;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads <c>rules.http</c>.</summary>
internal static class HttpRuleReader
{
    private static readonly FieldTable s_ruleFields = new(["path", "method", "host", "headers", "headerMatches"]);

    private static readonly FieldTable s_matchFields = new(
        ["name", "value"],
        ("secret", "give the value in 'value'"),
        ("mismatch", "remove it; a request without the header is denied")
    );

    private static readonly SearchValues<char> s_tokenCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    );

    /// <summary>Reads the list; an empty one redirects and allows everything.</summary>
    public static HttpRuleSet Read(ManifestField field)
    {
        List<HttpRule> rules = [];
        foreach (ManifestField item in field.Items())
        {
            if (item.Map(s_ruleFields) is { } fields)
                rules.Add(Rule(fields));
        }
        return HttpRuleSet.Create(rules);
    }

    private static HttpRule Rule(Dictionary<string, ManifestField> fields)
    {
        List<HeaderRequirement> headers = [];
        if (fields.TryGetValue("headers", out ManifestField plain))
        {
            foreach (ManifestField item in plain.Items())
            {
                if (Header(item) is { } header)
                    headers.Add(header);
            }
        }
        if (fields.TryGetValue("headerMatches", out ManifestField matches))
        {
            foreach (ManifestField item in matches.Items())
            {
                if (HeaderMatch(item) is { } header)
                    headers.Add(header);
            }
        }
        return new HttpRule(Pattern(fields, "method"), Pattern(fields, "path"), Pattern(fields, "host"), [.. headers]);
    }

    private static WholeStringPattern? Pattern(Dictionary<string, ManifestField> fields, string name)
    {
        // An empty pattern is the same as none (cilium, pkg/policy/api/http.go).
        if (!fields.TryGetValue(name, out ManifestField field) || field.Text() is not { Length: > 0 } text)
            return null;
        var (pattern, problem) = WholeStringPattern.Create(text);
        if (problem is not null)
            field.Report($"not a usable regular expression: {problem}");
        return pattern;
    }

    /// <summary><c>Name: value</c> must be equal, <c>Name</c> alone must be present (cilium splits at the first
    /// space).</summary>
    private static HeaderRequirement? Header(ManifestField field)
    {
        if (field.Text() is not { } text)
            return null;
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        string name = (space < 0 ? text : text[..space]).TrimEnd(':');
        if (IsToken(name))
            return new HeaderRequirement(name, space < 0 ? null : text[(space + 1)..]);
        field.Report("a header is written \"Name: value\", with a space after the colon, or \"Name\"");
        return null;
    }

    private static HeaderRequirement? HeaderMatch(ManifestField field)
    {
        if (field.Map(s_matchFields) is not { } fields)
            return null;
        string? value = fields.TryGetValue("value", out ManifestField valueField) ? valueField.Text() : null;
        if (!fields.TryGetValue("name", out ManifestField nameField))
        {
            field.Report("'name' is missing");
            return null;
        }
        if (nameField.Text() is not { } name)
            return null;
        if (IsToken(name))
            return new HeaderRequirement(name, string.IsNullOrEmpty(value) ? null : value);
        nameField.Report("this is not the name of a header");
        return null;
    }

    private static bool IsToken(string name) =>
        name.Length > 0 && name.AsSpan().IndexOfAnyExcept(s_tokenCharacters) < 0;
}
