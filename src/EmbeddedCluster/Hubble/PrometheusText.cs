using System.Text;

namespace CiliumDebugging.EmbeddedCluster.Hubble;

/// <summary>The Prometheus text exposition format 0.0.4.</summary>
internal static class PrometheusText
{
    /// <summary>Content type of the format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes <c>name{label="value",…}</c>.</summary>
    public static void Series(
        StringBuilder text,
        string name,
        ReadOnlySpan<string> labelNames,
        ReadOnlySpan<string> labelValues
    )
    {
        text.Append(name).Append('{');
        for (var i = 0; i < labelNames.Length; i++)
        {
            if (i > 0)
                text.Append(',');
            text.Append(labelNames[i]).Append("=\"");
            foreach (var c in labelValues[i])
            {
                switch (c)
                {
                    case '\\':
                        text.Append("\\\\");
                        break;
                    case '"':
                        text.Append("\\\"");
                        break;
                    case '\n':
                        text.Append("\\n");
                        break;
                    default:
                        text.Append(c);
                        break;
                }
            }
            text.Append('"');
        }
        text.Append('}');
    }
}
