using System.Text.RegularExpressions;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads <c>{matchName}</c> and <c>{matchPattern}</c> of toFQDNs and DNS rules.</summary>
internal static partial class DnsName
{
    private const int MaxLength = 255;
    private static readonly FieldTable s_fields = new(["matchName", "matchPattern"]);

    /// <summary>The name or pattern; null where there is a problem.</summary>
    public static string? Read(ManifestField field)
    {
        if (field.Map(s_fields) is not { } fields)
            return null;
        if (fields.Count != 1)
        {
            field.Report("one of 'matchName' and 'matchPattern' is needed");
            return null;
        }
        (string key, ManifestField name) = fields.Single();
        if (name.Text() is not { } text)
            return null;
        if (text.Length <= MaxLength && (key == "matchName" ? NamePattern() : WildcardPattern()).IsMatch(text))
            return text;
        name.Report("a DNS name is up to 255 letters, digits, '-', '_' and '.'; a pattern may have '*' as well");
        return null;
    }

    [GeneratedRegex(@"\A(?:[-a-zA-Z0-9_]+\.?)+\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A(?:[-a-zA-Z0-9_*]+\.?)+\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex WildcardPattern();
}
