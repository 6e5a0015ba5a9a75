using System.Globalization;
using System.Net;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.LoadTest.Contract;
using HdrHistogram;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>Draws records over time as one self-contained page: responses per second by pod and errors, and latency
/// from the intended start (p50, p99, max, logarithmic). Memory is bounded: time is cut into at most
/// <see cref="MaxBuckets"/> pieces, and pods beyond <see cref="MaxPods"/> are drawn as one.</summary>
public sealed class AttackPlot
{
    /// <summary>Pieces into which the attack's time is cut.</summary>
    public const int MaxBuckets = 240;

    /// <summary>Lines for pods.</summary>
    public const int MaxPods = 12;

    private const string Errors = "no response";
    private const int Width = 960,
        Height = 260,
        Margin = 70;
    private static readonly string[] s_colours =
    [
        "#1f77b4",
        "#ff7f0e",
        "#2ca02c",
        "#9467bd",
        "#8c564b",
        "#e377c2",
        "#7f7f7f",
        "#bcbd22",
        "#17becf",
        "#aec7e8",
        "#98df8a",
        "#c5b0d5",
        "#d62728",
    ];

    private readonly TimeSpan _bucket;
    private readonly SortedDictionary<string, int[]> _counts = new(StringComparer.Ordinal);
    private readonly IntHistogram?[] _latencies = new IntHistogram?[MaxBuckets];

    /// <param name="length">End of the last record; the right edge.</param>
    public AttackPlot(TimeSpan length) =>
        _bucket = TimeSpan.FromTicks(Math.Max((length.Ticks / MaxBuckets) + 1, TimeSpan.TicksPerMillisecond));

    /// <summary>Takes one record; it belongs to the time of its end.</summary>
    public void Add(in RequestRecord record)
    {
        var bucket = (int)Math.Clamp(record.End / _bucket, 0, MaxBuckets - 1);
        var line = record.Outcome is not Outcome.Response ? Errors : record.Pod ?? AttackResults.Unknown;
        if (!_counts.TryGetValue(line, out var counts))
        {
            if (_counts.Count >= MaxPods && line != Errors)
                line = ResponderNames.Other;
            if (!_counts.TryGetValue(line, out counts))
                _counts.Add(line, counts = new int[MaxBuckets]);
        }
        counts[bucket]++;
        if (!record.Outcome.IsNotSent())
            (_latencies[bucket] ??= new IntHistogram(1, 7_200_000_000, 2)).RecordValue(
                Math.Clamp((long)record.Latency.TotalMicroseconds, 1, 7_200_000_000)
            );
    }

    /// <summary>Writes the page.</summary>
    public void WriteTo(TextWriter writer, string title)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var name = WebUtility.HtmlEncode(title);
        writer.WriteLine(
            $"""
            <!doctype html><meta charset=utf-8><title>{name}</title>
            <body style="font:14px sans-serif;margin:24px"><h1 style="font-size:18px">{name}</h1>
            """
        );
        var rates = _counts.ToDictionary(
            entry => entry.Key,
            entry => entry.Value.Select(count => count / _bucket.TotalSeconds).ToArray()
        );
        var top = Math.Max(1, rates.Values.SelectMany(values => values).DefaultIfEmpty(0).Max());
        WriteChart(
            writer,
            "responses per second",
            rates,
            value => value / top,
            [(0, "0"), (top / 2, Number(top / 2)), (top, Number(top))]
        );
        var latencies = new Dictionary<string, double[]>
        {
            ["p50"] = Quantiles(50),
            ["p99"] = Quantiles(99),
            ["max"] = Quantiles(100),
        };
        // Seven decades, 10 µs to 100 s.
        WriteChart(
            writer,
            "latency from the intended start",
            latencies,
            value => value <= 0 ? double.NaN : Math.Clamp((Math.Log10(value) - 1) / 7, 0, 1),
            [
                (10, "10 µs"),
                (100, "100 µs"),
                (1e3, "1 ms"),
                (1e4, "10 ms"),
                (1e5, "100 ms"),
                (1e6, "1 s"),
                (1e7, "10 s"),
                (1e8, "100 s"),
            ]
        );
    }

    private double[] Quantiles(double percentile) =>
        [.. _latencies.Select(histogram => histogram is null ? 0 : (double)histogram.GetValueAtPercentile(percentile))];

    private void WriteChart(
        TextWriter writer,
        string title,
        Dictionary<string, double[]> lines,
        Func<double, double> scale,
        (double Value, string Label)[] ticks
    )
    {
        var last = Math.Max(1, Array.FindLastIndex(_latencies, histogram => histogram is not null));
        writer.WriteLine(
            $"""
            <h2 style="font-size:15px">{title}</h2>
            <svg width={Width} height={Height + 40} style="max-width:100%" role=img aria-label="{title}">
            """
        );
        foreach (var (value, label) in ticks)
        {
            var y = Number(Height - (Height - 20) * scale(value));
            writer.WriteLine(
                $"""
                <line x1={Margin} x2={Width} y1={y} y2={y} stroke=#ddd />
                <text x={Margin - 6} y={y} dy=4 text-anchor=end font-size=11>{label}</text>
                """
            );
        }
        var colour = 0;
        foreach (var (name, values) in lines)
        {
            var points = values
                .Take(last + 1)
                .Select(
                    (value, i) =>
                        (X: Margin + ((Width - Margin) * (double)i / last), Y: Height - ((Height - 20) * scale(value)))
                )
                .Where(point => double.IsFinite(point.Y))
                .Select(point => $"{Number(point.X)},{Number(point.Y)}");
            var stroke = name == Errors ? s_colours[^1] : s_colours[colour % (s_colours.Length - 1)];
            var (x, y) = (Margin + (colour % 6 * 150), Height + 16 + (colour / 6 * 16));
            var line = WebUtility.HtmlEncode(name);
            writer.WriteLine(
                $"""
                <polyline fill=none stroke="{stroke}" stroke-width=1.5 points="{string.Join(' ', points)}">
                <title>{line}</title></polyline>
                <text x={x} y={y} fill="{stroke}" font-size=12>{line}</text>
                """
            );
            colour++;
        }
        var end = Number(_bucket.TotalSeconds * (last + 1));
        writer.WriteLine($"<text x={Width} y={Height + 16} text-anchor=end font-size=11>{end} s</text></svg>");
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
