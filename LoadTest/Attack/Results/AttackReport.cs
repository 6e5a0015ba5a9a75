using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.ServiceDefaults.Processes;
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
        WriteSuccess(results, writer);
        WriteHead(writer);
        WriteLine(writer, "latency (from intended)", results.Latency);
        WriteLine(writer, "service time", results.ServiceTime);
        WriteLine(writer, "generator late by", results.Blocked);
        foreach (var (status, latencies) in results.ByStatus.OrderBy(entry => entry.Key))
            WriteLine(writer, $"  status {status}", latencies);
        foreach (var (pod, latencies) in results.ByResponder.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            WriteLine(writer, $"  {Shown(pod)}", latencies);
            var statuses = results
                .Counts.Where(entry => entry.Key.Pod == pod)
                .OrderBy(entry => entry.Key.Status)
                .Select(entry => $"{entry.Value} × {entry.Key.Status}");
            var share = (double)latencies.Count / Math.Max(1, results.Accounting.Responses);
            writer.WriteLine($"    {share:0.0%} of responses: {string.Join(", ", statuses)}");
        }
        if (AttackSkew.Describe(results) is { } skew)
            writer.WriteLine($"skew     {Shown(skew)}");
    }

    /// <summary>Names come from servers and files.</summary>
    private static string Shown(string name) => TerminalText.OneLine(name, MaxShown);

    /// <summary>Longest name that is shown, characters: longer than any of a pod.</summary>
    private const int MaxShown = 500;

    /// <summary>Success ratio and throughput. An attack without a success says so.</summary>
    private static void WriteSuccess(AttackResults results, TextWriter writer)
    {
        var (started, ok) = (results.Accounting.Started, results.Succeeded);
        var ratio = started == 0 ? 0 : 100.0 * ok / started;
        var seconds =
            started == 0 ? 0 : (results.Starts.Last - results.Starts.First + results.Latency.Mean).TotalSeconds;
        var throughput = seconds > 0 ? ok / seconds : 0;
        writer.WriteLine($"success  {ratio:0.##} % ({ok} of {started}), throughput {throughput:0.##} successes/s");
    }

    /// <summary>Histograms alone, by tag.</summary>
    public static void Write(IReadOnlyDictionary<string, Latencies> byTag, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(byTag);
        ArgumentNullException.ThrowIfNull(writer);
        WriteHead(writer);
        foreach (var (tag, latencies) in byTag.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            WriteLine(writer, tag.Length == 0 ? "(no tag)" : Shown(tag), latencies);
    }

    /// <summary>A duration with the unit that suits it: 12.3µs, 4.56ms, 7.89s.</summary>
    public static string Format(TimeSpan duration) =>
        duration.TotalSeconds >= 1 ? $"{duration.TotalSeconds:0.00}s"
        : duration.TotalMilliseconds >= 1 ? $"{duration.TotalMilliseconds:0.00}ms"
        : $"{duration.TotalMicroseconds:0}µs";

    private static void WriteHead(TextWriter writer) =>
        writer.WriteLine(
            $"{"", -28}{"count", 9}{"min", 9}{"mean", 9}{"p50", 9}{"p95", 9}{"p99", 9}{"p99.9", 9}{"max", 9}"
        );

    private static void WriteLine(TextWriter writer, string name, Latencies latencies)
    {
        writer.Write($"{name, -28}");
        writer.Write($"{latencies.Count, 9}");
        foreach (
            var value in (TimeSpan[])
                [
                    latencies.Quantile(0),
                    latencies.Mean,
                    latencies.Quantile(0.5),
                    latencies.Quantile(0.95),
                    latencies.Quantile(0.99),
                    latencies.Quantile(0.999),
                    latencies.Max,
                ]
        )
            writer.Write($"{Format(value), 9}");
        writer.WriteLine();
    }
}
