using System.Text.Json;

namespace CiliumDebugging.Lab.Page;

/// <summary>The JSON of the charts.</summary>
internal static class PageSeries
{
    /// <summary>
    /// All lines and samples: <c>{lines: [{chart, row, status}], at: […], values: [[…], …]}</c>, a list of values for
    /// each line; null where the line did not exist.
    /// </summary>
    public static void Write(Utf8JsonWriter json, Timeline timeline)
    {
        json.WriteStartObject();
        json.WriteStartArray("lines");
        foreach (var line in timeline.Lines)
        {
            json.WriteStartObject();
            json.WriteString("chart", line.Chart);
            json.WriteString("row", line.Row);
            json.WriteNumber("status", line.Status);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("at");
        foreach (var (at, _) in timeline.Samples)
            json.WriteNumberValue(Math.Round(at, 2));
        json.WriteEndArray();
        json.WriteStartArray("values");
        for (var line = 0; line < timeline.Lines.Count; line++)
        {
            json.WriteStartArray();
            foreach (var (_, values) in timeline.Samples)
                WriteValue(json, line < values.Length ? values[line] : double.NaN);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>
    /// One more sample: <c>{at, drop, values: […]}</c>. After it is added, the one at position <c>drop</c> is removed
    /// (−1: none).
    /// </summary>
    public static void WritePoint(Utf8JsonWriter json, ChartSample sample)
    {
        json.WriteStartObject();
        json.WriteNumber("at", Math.Round(sample.At, 2));
        json.WriteNumber("drop", sample.Dropped);
        json.WriteStartArray("values");
        foreach (var value in sample.Values)
            WriteValue(json, value);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumberValue(value);
        else
            json.WriteNullValue();
    }
}
