using System.Globalization;
using System.Text;

namespace CiliumDebugging.EmbeddedCluster.Hubble;

/// <summary>The Prometheus text exposition format 0.0.4.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static void Head(StringBuilder text, string name, string help, string type) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    /// <summary>Writes <c>name{label="value",…} value</c>.</summary>
    public static void Sample(StringBuilder text, string name, string[] labelNames, string[] labelValues, double value)
    {
        text.Append(name).Append('{');
        for (var i = 0; i < labelNames.Length; i++)
        {
            if (i > 0)
                text.Append(',');
            text.Append(labelNames[i]).Append("=\"").Append(Escaped(labelValues[i])).Append('"');
        }
        text.Append("} ").Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Escaped(string value) =>
        value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
}
