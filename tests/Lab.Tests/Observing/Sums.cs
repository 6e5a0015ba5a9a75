using System.Globalization;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>Metrics that continue from other ones.</summary>
internal static class Sums
{
    /// <summary>The first text, with the values of the second one added.</summary>
    public static string Of(string a, string b)
    {
        var values = b.Split('\n')
            .Where(l => l.Contains(' ', StringComparison.Ordinal) && !l.StartsWith('#'))
            .ToDictionary(l => l[..l.LastIndexOf(' ')], Value);
        return string.Join(
            '\n',
            a.Split('\n')
                .Select(l =>
                    l.LastIndexOf(' ') is > 0 and var space && values.TryGetValue(l[..space], out var more)
                        ? $"{l[..space]} {Value(l) + more}"
                        : l
                )
        );
    }

    private static long Value(string line) =>
        long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
}
