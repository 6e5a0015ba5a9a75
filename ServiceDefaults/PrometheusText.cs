using System.Globalization;
using System.Text;

namespace CiliumDebugging.ServiceDefaults;

/// <summary>Writes the Prometheus text exposition format 0.0.4: for each metric family a head
/// (<see cref="AppendFamily"/>), then its samples. Source:
/// https://prometheus.io/docs/instrumenting/exposition_formats.</summary>
public static class PrometheusText
{
    /// <summary>Media type of the format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes the HELP and TYPE lines of a family.</summary>
    /// <param name="text">Where to write.</param>
    /// <param name="name">Name of the metric.</param>
    /// <param name="type"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
    /// <param name="help">One sentence; line breaks are escaped.</param>
    public static StringBuilder AppendFamily(this StringBuilder text, string name, string type, string help)
    {
        ArgumentNullException.ThrowIfNull(text);
        text.Append("# HELP ").Append(name).Append(' ');
        return AppendEscaped(text, help, escapeQuotes: false).Append($"\n# TYPE {name} {type}\n");
    }

    /// <summary>Writes a sample without labels.</summary>
    public static StringBuilder AppendSample<T>(this StringBuilder text, string name, T value)
        where T : IFormattable => AppendSample(text, name, value, [], []);

    /// <summary>Writes a sample with labels.</summary>
    /// <param name="text">Where to write.</param>
    /// <param name="name">Name of the metric, with its suffix.</param>
    /// <param name="value">The value.</param>
    /// <param name="labelNames">Names of the labels.</param>
    /// <param name="labelValues">Their values, in the same order; null is written as the empty value.</param>
    /// <exception cref="ArgumentException">There are not as many values as names.</exception>
    public static StringBuilder AppendSample<T>(
        this StringBuilder text,
        string name,
        T value,
        ReadOnlySpan<string> labelNames,
        ReadOnlySpan<string?> labelValues
    )
        where T : IFormattable
    {
        ArgumentNullException.ThrowIfNull(text);
        if (labelNames.Length != labelValues.Length)
            throw new ArgumentException($"{labelValues.Length} values for {labelNames.Length} labels of {name}");
        text.Append(name);
        for (var i = 0; i < labelNames.Length; i++)
        {
            text.Append(i == 0 ? '{' : ',').Append(labelNames[i]).Append("=\"");
            AppendEscaped(text, labelValues[i], escapeQuotes: true).Append('"');
        }
        if (labelNames.Length > 0)
            text.Append('}');
        return text.Append(' ').Append(Number(value)).Append('\n');
    }

    // .NET writes Infinity and -Infinity.
    private static string Number<T>(T value)
        where T : IFormattable =>
        value switch
        {
            double.PositiveInfinity => "+Inf",
            double.NegativeInfinity => "-Inf",
            _ => value.ToString(null, CultureInfo.InvariantCulture),
        };

    private static StringBuilder AppendEscaped(StringBuilder text, string? value, bool escapeQuotes)
    {
        foreach (var c in value ?? "")
        {
            if (c == '\n')
                text.Append("\\n");
            else if (c == '\\' || (c == '"' && escapeQuotes))
                text.Append('\\').Append(c);
            else
                text.Append(c);
        }
        return text;
    }
}
