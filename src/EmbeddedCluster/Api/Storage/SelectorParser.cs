using System.Text.RegularExpressions;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>The grammars of label and field selectors. Null: the text is not one.</summary>
internal static partial class SelectorParser
{
    private const int MaxRequirements = 256;

    // Linear-time engine: selectors come from the network.
    [GeneratedRegex(
        @"^\s*(?:(?<absent>!)\s*(?<key>[A-Za-z0-9._/-]+)|"
            + @"(?<key>[A-Za-z0-9._/-]+)(?:\s*(?<op>==|=|!=|>|<)\s*(?<value>[A-Za-z0-9._-]*)|"
            + @"\s+(?<op>in|notin)\s*\((?<set>[A-Za-z0-9._,\s-]*)\))?)\s*(?:,|$)",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    )]
    private static partial Regex LabelRequirement { get; }

    [GeneratedRegex(
        @"^(?<key>[A-Za-z0-9._-]+)(?<op>==|=|!=)(?<value>[^,=]*)$",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    )]
    private static partial Regex FieldRequirement { get; }

    public static IReadOnlyList<Requirement>? Labels(string text)
    {
        var requirements = new List<Requirement>();
        var rest = text;
        while (!string.IsNullOrWhiteSpace(rest))
        {
            var match = LabelRequirement.Match(rest);
            if (!match.Success || requirements.Count == MaxRequirements || ToRequirement(match) is not { } requirement)
                return null;
            requirements.Add(requirement);
            var endsWithComma = match.Value.EndsWith(',');
            rest = rest[match.Length..];
            if (endsWithComma && string.IsNullOrWhiteSpace(rest))
                return null;
        }
        return requirements;
    }

    public static IReadOnlyList<Requirement>? Fields(string text)
    {
        var requirements = new List<Requirement>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var match = FieldRequirement.Match(part);
            if (!match.Success || requirements.Count == MaxRequirements)
                return null;
            var op = match.Groups["op"].Value == "!=" ? Operator.NotIn : Operator.In;
            requirements.Add(new Requirement(match.Groups["key"].Value, op, [match.Groups["value"].Value]));
        }
        return requirements;
    }

    private static Requirement? ToRequirement(Match match)
    {
        var key = match.Groups["key"].Value;
        var value = match.Groups["value"].Value;
        if (match.Groups["absent"].Success)
            return new Requirement(key, Operator.Absent, []);
        return match.Groups["op"].Value switch
        {
            "" => new Requirement(key, Operator.Exists, []),
            "!=" => new Requirement(key, Operator.NotIn, [value]),
            "=" or "==" => new Requirement(key, Operator.In, [value]),
            ">" when long.TryParse(value, out _) => new Requirement(key, Operator.Greater, [value]),
            "<" when long.TryParse(value, out _) => new Requirement(key, Operator.Less, [value]),
            "in" => new Requirement(key, Operator.In, Set(match)),
            "notin" => new Requirement(key, Operator.NotIn, Set(match)),
            _ => null,
        };
    }

    private static string[] Set(Match match) => match.Groups["set"].Value.Split(',', StringSplitOptions.TrimEntries);
}
