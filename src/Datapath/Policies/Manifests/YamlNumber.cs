using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Numbers of YAML as kubectl reads them and writes them as JSON (go-yaml, resolve; sigs.k8s.io/yaml): with a
/// leading 0 octal, with 0x, 0o and 0b in other bases, with underscores anywhere; one with a point or an exponent that
/// is whole is a whole number.</summary>
internal static partial class YamlNumber
{
    // Go writes larger ones with an exponent.
    private const double MaxWhole = 1e21;

    /// <summary>The number of a plain scalar, in decimal; null for what is not a number.</summary>
    public static (ManifestType Type, string Text)? Read(string scalar)
    {
        if (scalar.Length == 0 || !(char.IsAsciiDigit(scalar[0]) || scalar[0] is '-' or '+' or '.'))
            return null;
        string plain = scalar.Replace("_", "", StringComparison.Ordinal);
        if (Whole(plain) is { } whole)
            return (ManifestType.Integer, whole.ToString(CultureInfo.InvariantCulture));
        if (NotFinitePattern().IsMatch(plain))
            return (ManifestType.Number, plain);
        if (
            !NumberPattern().IsMatch(plain)
            || !double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out double real)
            || !double.IsFinite(real)
        )
            return null;
        return double.IsInteger(real) && Math.Abs(real) < MaxWhole
            ? (ManifestType.Integer, new BigInteger(real).ToString(CultureInfo.InvariantCulture))
            : (ManifestType.Number, plain);
    }

    /// <summary>A whole number of up to 64 bits in the base that it says (Go's strconv.ParseInt with base 0).</summary>
    private static BigInteger? Whole(string text)
    {
        bool isNegative = text[0] == '-';
        ReadOnlySpan<char> digits = text.AsSpan(isNegative || text[0] == '+' ? 1 : 0);
        (int radix, int prefix) = digits switch
        {
            ['0', 'x' or 'X', ..] => (16, 2),
            ['0', 'o' or 'O', ..] => (8, 2),
            ['0', 'b' or 'B', ..] => (2, 2),
            ['0', _, ..] => (8, 1),
            _ => (10, 0),
        };
        digits = digits[prefix..];
        if (digits.IsEmpty)
            return null;
        BigInteger value = 0;
        foreach (char digit in digits)
        {
            if (!char.IsAsciiHexDigit(digit))
                return null;
            int number = Convert.ToInt32(digit.ToString(), 16);
            value = value * radix + number;
            if (number >= radix || value > ulong.MaxValue)
                return null;
        }
        if (isNegative)
            value = -value;
        return value < long.MinValue ? null : value;
    }

    [GeneratedRegex(@"\A[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"\A(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z", RegexOptions.CultureInvariant)]
    private static partial Regex NotFinitePattern();
}
