using System.Text;
using System.Text.Json;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.ServiceDefaults.Files;
using CiliumDebugging.Statistics;
using HdrHistogram;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>Results as an HdrHistogram log: values in microseconds, tags <c>latency</c>, <c>service</c>,
/// <c>blocked</c>, <c>status:…</c>, <c>responder:…</c>. A comment, which other readers of such logs skip, carries
/// the counts: so results of a constant size, however many requests there were, merge exactly.</summary>
public static class HistogramLog
{
    /// <summary>How a log that this class wrote begins.</summary>
    public const string Begin = "#[Counts: ";

    private const string Latency = "latency",
        Service = "service",
        Blocked = "blocked",
        Status = "status:",
        Responder = "responder:";

    // A log of 500 histograms has some hundred kilobytes.
    private const long MaxBytes = 256L << 20;

    /// <summary>Writes results.</summary>
    /// <param name="results">The results.</param>
    /// <param name="stream">Gets the log; stays open.</param>
    /// <param name="startedAt">The attack's epoch.</param>
    public static void Write(AttackResults results, Stream stream, DateTimeOffset startedAt)
    {
        ArgumentNullException.ThrowIfNull(results);
        ArgumentNullException.ThrowIfNull(stream);
        var from = startedAt.ToUnixTimeMilliseconds();
        var all = new List<HistogramBase>();
        foreach (var (tag, latencies) in Tagged(results))
        {
            latencies.Histogram.Tag = tag;
            latencies.Histogram.StartTimeStamp = from;
            latencies.Histogram.EndTimeStamp = from + (long)results.Starts.Last.TotalMilliseconds;
            all.Add(latencies.Histogram);
        }

        // The library writes UTF-16, with a byte order mark, which no other program's reader expects.
        using var log = new MemoryStream();
        HistogramLogWriter.Write(log, startedAt.UtcDateTime, [.. all]);
        log.Position = 0;
        using var text = new StreamReader(log);
        var counts = JsonSerializer.Serialize(results.ToSaved(), SavedJson.Default.SavedCounts);
        stream.Write(Encoding.UTF8.GetBytes($"{Begin}{counts}]\n{text.ReadToEnd()}"));
    }

    /// <summary>Whether a file looks like a log (text, perhaps with a byte order mark), not like records.</summary>
    public static bool IsLog(string path)
    {
        using var stream = RegularFile.OpenRead(path);
        Span<byte> start = stackalloc byte[4];
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        // A byte order mark of UTF-8 may be before records as well.
        return start
            is [(byte)'#' or (byte)'"', ..]
                or [0xEF, 0xBB, 0xBF, (byte)'#' or (byte)'"']
                or [0xFE, 0xFF, ..]
                or [0xFF, 0xFE, ..];
    }

    /// <summary>Reads a log.</summary>
    /// <param name="path">The file.</param>
    /// <param name="results">What this program wrote; null for another program's log, which has no counts.</param>
    /// <returns>The log's histograms by tag (empty for none), those of several intervals added up.</returns>
    /// <exception cref="InvalidDataException">The file is not such a log; the message says why.</exception>
    public static IReadOnlyDictionary<string, Latencies> Read(string path, out AttackResults? results)
    {
        using var stream = RegularFile.OpenRead(path);
        if (stream.Length > MaxBytes)
            throw new InvalidDataException($"the log is larger than {MaxBytes >> 20} MiB");
        return Read(stream, out results);
    }

    /// <inheritdoc cref="Read(string, out AttackResults?)"/>
    /// <param name="stream">The log; must be seekable.</param>
    /// <param name="results">What this program wrote; null for another program's log.</param>
    public static IReadOnlyDictionary<string, Latencies> Read(Stream stream, out AttackResults? results)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            var counts = ReadCounts(stream);
            stream.Position = 0;
            var byTag = new Dictionary<string, Latencies>(StringComparer.Ordinal);
            using (var reader = new HistogramLogReader(stream))
            {
                foreach (var histogram in reader.ReadHistograms())
                {
                    var tag = histogram.Tag ?? "";
                    if (!byTag.TryGetValue(tag, out var latencies))
                        byTag.Add(tag, latencies = new Latencies());
                    latencies.Merge(histogram);
                }
            }
            results = counts is null ? null : Restore(counts, byTag);
            return byTag;
        }
        // The library throws what it stumbles over in a broken log.
        catch (Exception e) when (e is not (IOException or OutOfMemoryException or InvalidDataException))
        {
            throw new InvalidDataException($"no readable HdrHistogram log: {e.Message}", e);
        }
    }

    private static IEnumerable<(string Tag, Latencies Latencies)> Tagged(AttackResults results) =>
        [
            (Latency, results.Latency),
            (Service, results.ServiceTime),
            (Blocked, results.Blocked),
            .. results.ByStatus.OrderBy(entry => entry.Key).Select(entry => ($"{Status}{entry.Key}", entry.Value)),
            .. results
                .ByResponder.OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .Select(entry => (Responder + Escape(entry.Key), entry.Value)),
        ];

    private static SavedCounts? ReadCounts(Stream stream)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        for (var line = reader.ReadLine(); line?.StartsWith('#') == true; line = reader.ReadLine())
        {
            if (line.StartsWith(Begin, StringComparison.Ordinal))
                return JsonSerializer.Deserialize(
                    line.AsSpan(Begin.Length..(line.LastIndexOf(']'))),
                    SavedJson.Default.SavedCounts
                );
        }
        return null;
    }

    private static AttackResults Restore(SavedCounts counts, Dictionary<string, Latencies> byTag)
    {
        if (counts.IsNegative)
            throw new InvalidDataException("a count of the log is below 0");
        var results = new AttackResults(counts);
        foreach (var (tag, latencies) in byTag)
        {
            if (tag.StartsWith(Status, StringComparison.Ordinal))
                results
                    .OfStatus(int.Parse(tag[Status.Length..], System.Globalization.CultureInfo.InvariantCulture))
                    .Merge(latencies);
            else if (tag.StartsWith(Responder, StringComparison.Ordinal))
                results.OfResponder(Uri.UnescapeDataString(tag[Responder.Length..])).Merge(latencies);
            else if (tag is Latency or Service or Blocked)
                (
                    tag is Latency ? results.Latency
                    : tag is Service ? results.ServiceTime
                    : results.Blocked
                ).Merge(latencies);
        }
        return Problem(results) is { } problem
            ? throw new InvalidDataException($"the log's counts do not add up: {problem}")
            : results;
    }

    /// <summary>What contradicts itself: a log that was cut has its counts, which come first, and lacks
    /// histograms.</summary>
    private static string? Problem(AttackResults results)
    {
        var (accounting, counts) = (results.Accounting, results.Counts);
        if (accounting.Discrepancies() is [var first, ..])
            return first;
        if (counts.Values.Sum() is var named && named != accounting.Responses)
            return $"responses {accounting.Responses} ≠ responses by pod {named}";
        IEnumerable<(string Tag, long Count)> expected =
        [
            (Latency, accounting.Started),
            (Service, accounting.Started),
            (Blocked, accounting.Started),
            .. counts.GroupBy(c => c.Key.Status, c => c.Value).Select(c => ($"{Status}{c.Key}", c.Sum())),
            .. counts.GroupBy(c => c.Key.Pod, c => c.Value).Select(c => ($"{Responder}{c.Key}", c.Sum())),
        ];
        var values = new Dictionary<string, long>(StringComparer.Ordinal)
        {
            [Latency] = results.Latency.Count,
            [Service] = results.ServiceTime.Count,
            [Blocked] = results.Blocked.Count,
        };
        foreach (var (status, latencies) in results.ByStatus)
            values.Add($"{Status}{status}", latencies.Count);
        foreach (var (pod, latencies) in results.ByResponder)
            values.Add($"{Responder}{pod}", latencies.Count);
        foreach (var (tag, count) in expected)
        {
            values.Remove(tag, out var found);
            if (found != count)
                return $"'{tag}' has {found} of {count} values; the log may be cut";
        }
        if (values.Keys.FirstOrDefault() is { } unknown)
            return $"'{unknown}' is a histogram without a count";
        return results
            .Choices.Of(..)
            .Where(choice => choice.Value > counts.Where(c => c.Key.Pod == choice.Key).Sum(c => c.Value))
            .Select(choice => $"'{choice.Key}' has more choices ({choice.Value}) than responses")
            .FirstOrDefault();
    }

    // A log separates its fields by commas and its lines by newlines.
    private static string Escape(string name) =>
        name.AsSpan().ContainsAny(", %")
            ? name.Replace("%", "%25", StringComparison.Ordinal)
                .Replace(",", "%2C", StringComparison.Ordinal)
                .Replace(" ", "%20", StringComparison.Ordinal)
            : name;
}
