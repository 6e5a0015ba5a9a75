using System.Globalization;
using System.Text;

namespace CiliumDebugging.Testing;

/// <summary>
/// Files that are nearly right: a good one with random changes. FUZZ_COUNT makes a series longer (bench/Faults/fuzz).
/// </summary>
internal static class Mutations
{
    private static readonly string[] s_pieces =
    [
        "null",
        "-1",
        "1e308",
        "99999999999999999999",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\n",
        "  - ",
        "&a *a",
        "\u0000",
        "\ufffd",
        "../",
        "NaN",
        "true",
    ];

    /// <summary>How many changed files a test reads.</summary>
    public static int Count =>
        int.TryParse(Environment.GetEnvironmentVariable("FUZZ_COUNT"), CultureInfo.InvariantCulture, out var more)
            ? more
            : 400;

    /// <summary>Changed texts: 1 to 4 random changes each.</summary>
    /// <param name="good">What is changed.</param>
    /// <param name="seed">Random seed.</param>
    public static IEnumerable<string> Of(string good, int seed)
    {
        var random = new Random(seed);
        for (var n = 0; n < Count; n++)
        {
            var text = new StringBuilder(good);
            for (var changes = random.Next(1, 5); changes > 0; changes--)
                Change(text, random);
            yield return text.ToString();
        }
    }

    private static void Change(StringBuilder text, Random random)
    {
        var at = random.Next(text.Length + 1);
        var length = Math.Min(random.Next(1, random.Next(2) == 0 ? 4 : 200), text.Length - at);
        switch (random.Next(5))
        {
            case 0:
                text.Remove(at, length);
                break;
            case 1:
                text.Insert(at, s_pieces[random.Next(s_pieces.Length)]);
                break;
            case 2:
                text.Remove(at, length).Insert(at, s_pieces[random.Next(s_pieces.Length)]);
                break;
            case 3:
                var part = text.ToString(at, length);
                text.Insert(random.Next(text.Length + 1), string.Concat(Enumerable.Repeat(part, random.Next(1, 20))));
                break;
            default:
                if (length > 0)
                    text[at] = (char)random.Next(1, 0x250);
                break;
        }
    }
}
