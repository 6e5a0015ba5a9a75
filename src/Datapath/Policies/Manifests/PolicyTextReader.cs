using System.Globalization;
using System.Text;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads the parts of a Cilium spec that say something of it and select no traffic.</summary>
internal static class PolicyTextReader
{
    private const int MaxLogLength = 32;

    private static readonly FieldTable s_labelFields = new(["key", "value", "source"]);
    private static readonly FieldTable s_logFields = new(["value"]);

    public static void Read(Dictionary<string, ManifestField> spec)
    {
        if (spec.TryGetValue("description", out ManifestField description))
            description.Text();
        if (
            spec.TryGetValue("log", out ManifestField log)
            && log.Map(s_logFields) is { } members
            && members.TryGetValue("value", out ManifestField value)
            && value.Text() is { } text
            && (text.EnumerateRunes().Count() > MaxLogLength || text.EnumerateRunes().Any(IsOther))
        )
            value.Report($"the value has up to {MaxLogLength} printable characters");
        if (!spec.TryGetValue("labels", out ManifestField labels))
            return;
        foreach (ManifestField label in labels.Items())
        {
            if (label.Map(s_labelFields) is not { } parts)
                continue;
            if (!parts.ContainsKey("key"))
                label.Report("'key' is missing");
            foreach (ManifestField part in parts.Values)
                part.Text();
        }
    }

    /// <summary>Category C of Go's regular expressions: the schema's pattern is <c>^\PC*$</c>.</summary>
    private static bool IsOther(Rune character) =>
        Rune.GetUnicodeCategory(character)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.Surrogate;
}
