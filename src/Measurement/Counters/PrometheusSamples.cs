using System.Globalization;
using System.Text;

namespace CiliumDebugging.Measurement.Counters;

public sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>A label's value; empty when the sample has no such label, as in PromQL.</summary>
    public string this[string label] => Labels.TryGetValue(label, out var value) ? value : "";
}

/// <summary>Reads the Prometheus text exposition format 0.0.4. Timestamps and comments are passed over; a line that
/// cannot be read is an error that names it.</summary>
public static class PrometheusSamples
{
    /// <summary>Most samples one scrape may have.</summary>
    public const int MaxSamples = 200_000;

    /// <exception cref="FormatException">A line is not a sample, or there are more than
    /// <see cref="MaxSamples"/>.</exception>
    public static IReadOnlyList<PrometheusSample> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var samples = new List<PrometheusSample>();
        var number = 0;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            number++;
            var line = raw.Trim();
            if (line.IsEmpty || line[0] == '#')
                continue;
            if (samples.Count == MaxSamples)
                throw new FormatException($"the scrape has more than {MaxSamples} samples");
            samples.Add(Sample(line, number));
        }
        return samples;
    }

    private static PrometheusSample Sample(ReadOnlySpan<char> line, int number)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var end = line.IndexOfAny('{', ' ', '\t');
        if (end <= 0)
            throw Bad(line, number);
        var name = line[..end].ToString();
        var rest = line[end..];
        if (rest[0] == '{')
            rest = Labels(rest[1..], labels, line, number);
        rest = rest.Trim();
        var value = rest.IndexOfAny(' ', '\t') is > 0 and var space ? rest[..space] : rest;
        return new PrometheusSample(name, labels, Value(value, line, number));
    }

    private static ReadOnlySpan<char> Labels(
        ReadOnlySpan<char> rest,
        Dictionary<string, string> labels,
        ReadOnlySpan<char> line,
        int number
    )
    {
        while (true)
        {
            rest = rest.TrimStart(" ,");
            if (rest.IsEmpty)
                throw Bad(line, number);
            if (rest[0] == '}')
                return rest[1..];
            var equals = rest.IndexOf('=');
            if (equals <= 0 || equals + 1 >= rest.Length || rest[equals + 1] != '"')
                throw Bad(line, number);
            var name = rest[..equals].Trim().ToString();
            rest = rest[(equals + 2)..];
            var value = new StringBuilder();
            var i = 0;
            for (; i < rest.Length && rest[i] != '"'; i++)
            {
                if (rest[i] == '\\' && i + 1 < rest.Length)
                    value.Append(rest[++i] == 'n' ? '\n' : rest[i]);
                else
                    value.Append(rest[i]);
            }
            if (i == rest.Length)
                throw Bad(line, number);
            labels[name] = value.ToString();
            rest = rest[(i + 1)..];
        }
    }

    private static double Value(ReadOnlySpan<char> text, ReadOnlySpan<char> line, int number) =>
        text switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                ? value
                : throw Bad(line, number),
        };

    private static FormatException Bad(ReadOnlySpan<char> line, int number) =>
        new(
            $"line {number} is not a Prometheus sample: "
                + $"{(line.Length > 200 ? line[..200].ToString() + "…" : line.ToString())}"
        );
}
