using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>Writes results as the plain text a terminal shows.</summary>
public static class AttackReport
{
    /// <summary>Rate, latencies, statuses and responders; the accounting is written apart (see
    /// <see cref="AttackAccounting.WriteTo"/>).</summary>
    public static void Write(AttackResults results, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(results);
        ArgumentNullException.ThrowIfNull(writer);
        var started = results.Accounting.Started;
        writer.WriteLine($"started {started} at {results.AchievedRate:0.###}/s, received {results.Bytes:N0} bytes");
        WriteHead(writer);
        WriteLine(writer, "latency (from intended)", results.Latency);
        WriteLine(writer, "service time", results.ServiceTime);
        WriteLine(writer, "generator late by", results.Blocked);
        foreach (var (status, latencies) in results.ByStatus.OrderBy(entry => entry.Key))
            WriteLine(writer, $"  status {status}", latencies);
        foreach (var (pod, latencies) in results.ByResponder.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            WriteLine(writer, $"  {pod}", latencies);
            var statuses = results
                .Counts.Where(entry => entry.Key.Pod == pod)
                .OrderBy(entry => entry.Key.Status)
                .Select(entry => $"{entry.Value} × {entry.Key.Status}");
            var share = (double)latencies.Count / Math.Max(1, results.Accounting.Responses);
            writer.WriteLine($"    {share:0.0%} of responses: {string.Join(", ", statuses)}");
        }
    }

    /// <summary>Histograms alone, by tag.</summary>
    public static void Write(IReadOnlyDictionary<string, Latencies> byTag, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(byTag);
        ArgumentNullException.ThrowIfNull(writer);
        WriteHead(writer);
        foreach (var (tag, latencies) in byTag.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            WriteLine(writer, tag.Length == 0 ? "(no tag)" : tag, latencies);
    }

    /// <summary>A duration with the unit that suits it: 12.3µs, 4.56ms, 7.89s.</summary>
    public static string Format(TimeSpan duration) =>
        duration.TotalSeconds >= 1 ? $"{duration.TotalSeconds:0.00}s"
        : duration.TotalMilliseconds >= 1 ? $"{duration.TotalMilliseconds:0.00}ms"
        : $"{duration.TotalMicroseconds:0}µs";

    private static void WriteHead(TextWriter writer) =>
        writer.WriteLine(
            $"{"", -28}{"count", 10}{"mean", 11}{"p50", 11}{"p90", 11}{"p99", 11}{"p99.9", 11}{"max", 11}"
        );

    private static void WriteLine(TextWriter writer, string name, Latencies latencies)
    {
        writer.Write($"{name, -28}");
        writer.Write($"{latencies.Count, 10}");
        foreach (
            var value in (TimeSpan[])
                [
                    latencies.Mean,
                    latencies.Quantile(0.5),
                    latencies.Quantile(0.9),
                    latencies.Quantile(0.99),
                    latencies.Quantile(0.999),
                    latencies.Max,
                ]
        )
            writer.Write($"{Format(value), 11}");
        writer.WriteLine();
    }
}
