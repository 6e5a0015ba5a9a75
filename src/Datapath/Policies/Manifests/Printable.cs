using System.Globalization;
using System.Text;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Makes text from a file safe to print on one line.</summary>
internal static class Printable
{
    private const int MaxLength = 80;

    public static string Text(string text, int lengthMax = MaxLength)
    {
        var result = new StringBuilder(Math.Min(text.Length, lengthMax) + 1);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (result.Length >= lengthMax)
                return result.Append('…').ToString();
            // Control, format (bidirectional overrides), surrogates, line separators and unassigned characters are
            // shown as escapes.
            bool hidden =
                Rune.GetUnicodeCategory(rune)
                is UnicodeCategory.Control
                    or UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
                    or UnicodeCategory.Surrogate
                    or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned;
            if (hidden || rune == Rune.ReplacementChar)
                result.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X}}}");
            else
                result.Append(rune.ToString());
        }
        return result.ToString();
    }
}
