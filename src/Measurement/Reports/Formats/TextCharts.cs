using System.Collections.Immutable;
using System.Text;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Measurement.Reports.Formats;

/// <summary>The charts as text: one row of blocks for each line, all rows on one scale.</summary>
public static class TextCharts
{
    /// <summary>Columns of a row.</summary>
    public const int Columns = 60;

    /// <summary>Most rows of a chart; those with the least load are left out and counted.</summary>
    public const int MaxRows = 24;

    private const string Blocks = " ▁▂▃▄▅▆▇█";

    /// <summary>A chart; empty when there is nothing to draw.</summary>
    public static string Draw(RateChart chart, ReportDocument document)
    {
        ArgumentNullException.ThrowIfNull(chart);
        ArgumentNullException.ThrowIfNull(document);
        var end = document.Series.At is [.., var last] ? last : 0;
        var all = chart.Lines.Where(l => l.Points.Length > 0).ToList();
        if (end <= 0 || all.Count == 0)
            return "";
        var lines = all.OrderByDescending(l => l.Points.Max(p => p.PerSecond))
            .Take(MaxRows)
            .OrderBy(l => l.Pod, StringComparer.Ordinal)
            .ThenBy(l => l.Status)
            .ToList();
        var top = Math.Max(1e-9, lines.Max(l => l.Points.Max(p => p.PerSecond)));
        var names = lines.Select(l => (l.Status > 0 ? $"{l.Status} " : "") + l.Pod).ToList();
        var width = names.Max(n => n.Length);
        var text = new StringBuilder();
        text.Append($"{chart.Title}: requests/s, scale 0 to {top:0.0}, {end:0.0} s\n");
        foreach (var (line, name) in lines.Zip(names))
            text.Append($"{name.PadRight(width)} │{Row(line.Points, end, top)}│ {line.Last, 6:0.0}/s at the end\n");
        foreach (var e in document.Events)
            text.Append($"{"".PadRight(width + 2)}{"".PadRight(Column(e.At, end))}↑ {e.At:0.0} s: {e.Name}\n");
        if (all.Count > lines.Count)
            text.Append($"({all.Count - lines.Count} lines with less load are not shown)\n");
        return text.ToString();
    }

    private static string Row(ImmutableArray<RatePoint> points, double end, double top)
    {
        var row = new char[Columns];
        for (int column = 0, next = 0; column < Columns; column++)
        {
            var at = end * (column + 1) / Columns;
            while (next < points.Length - 1 && points[next].At < at - 1e-9)
                next++;
            var value = points[next].PerSecond;
            // A trickle is not nothing: it gets the lowest block.
            var level =
                value <= 0 ? 0 : Math.Clamp((int)Math.Round(value / top * (Blocks.Length - 1)), 1, Blocks.Length - 1);
            row[column] = Blocks[level];
        }
        return new string(row);
    }

    private static int Column(double at, double end) => (int)Math.Clamp(at / end * Columns, 0, Columns - 1);
}
