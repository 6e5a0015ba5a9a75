namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads <c>rules.http</c>.</summary>
internal static class HttpRuleReader
{
    private static readonly FieldTable s_ruleFields = new(["path", "method", "host", "headers", "headerMatches"]);

    private static readonly FieldTable s_matchFields = new(
        ["name", "value", "mismatch"],
        ("secret", "give the value in 'value'")
    );

    /// <summary>Reads the list. An empty one has no effect: null.</summary>
    public static HttpRuleSet? Read(ManifestField field)
    {
        if (field.IsEmptyList)
            return null;
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
            field.Report(problem);
        return pattern;
    }

    /// <summary>
    /// <c>Name: value</c> must be equal, <c>Name</c> alone must be present. Cilium splits at the first space and looks
    /// no further: <c>Name:</c> and <c>Name:value</c> are names that no header has.
    /// </summary>
    private static HeaderRequirement? Header(ManifestField field)
    {
        if (field.Text() is not { } text)
            return null;
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        if (text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon && (space < 0 || colon + 1 != space))
            field.Note(
                "no request has such a header: write \"Name: value\", with a space after the colon, or \"Name\""
            );
        return space < 0
            ? new HeaderRequirement(text, null)
            : new HeaderRequirement(text[..space].TrimEnd(':'), text[(space + 1)..]);
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
        if (name.Length == 0)
            nameField.Report("the name of a header has at least one character");
        if (fields.TryGetValue("mismatch", out ManifestField mismatch) && mismatch.Text() is { } action)
        {
            // What Cilium does about a mismatch restricts nothing.
            if (action is "ADD" or "DELETE" or "REPLACE")
                mismatch.Note("the lab's proxies change no headers");
            else if (action != "LOG")
                mismatch.Report("a mismatch is LOG, ADD, DELETE or REPLACE");
            return null;
        }
        return new HeaderRequirement(name, string.IsNullOrEmpty(value) ? null : value);
    }
}
