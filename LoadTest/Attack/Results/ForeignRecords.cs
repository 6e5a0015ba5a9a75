using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>
/// Results of other load generators as records: vegeta's JSON and CSV (<c>vegeta encode</c>) and hey's CSV
/// (<c>hey -o csv</c>). A file is read twice: requests are numbered by their starts, and it has them by their ends.
/// </summary>
internal sealed partial class ForeignRecords
{
    /// <summary>Longest line, in characters: a record of vegeta has the answer's body.</summary>
    private const int MaxLine = 16 << 20;

    /// <summary>The part of a file by which it is recognised, bytes.</summary>
    private const int HeadBytes = 512;

    private const string NotDue = "does not record when a request was due: latency counts from its real start";

    private const string HeyColumns = "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,";

    // What Go's net and net/http packages write, and the error number that it means.
    private static readonly (string Text, int Errno)[] s_errors =
    [
        ("connection refused", Errno.Econnrefused),
        ("connection reset by peer", Errno.Econnreset),
        ("broken pipe", Errno.Epipe),
        ("cannot assign requested address", Errno.Eaddrnotavail),
        ("too many open files", Errno.Emfile),
        ("no route to host", Errno.Ehostunreach),
        ("network is unreachable", Errno.Enetunreach),
    ];

    private readonly Func<string, Entry?> _parse;
    private readonly ResponderNames _names = new();

    private ForeignRecords(string note, Func<ForeignRecords, string, Entry?> parse)
    {
        Note = note;
        _parse = line => parse(this, line);
    }

    /// <summary>What the program does not record, and what that means for the results.</summary>
    public string Note { get; }

    /// <summary>Recognises a file by its first bytes.</summary>
    /// <param name="stream">Its content; must be seekable, and is at its beginning afterwards.</param>
    /// <returns>How it is read; null: the file is not one of these programs'.</returns>
    /// <exception cref="InvalidDataException">It is vegeta's own encoding.</exception>
    public static ForeignRecords? Of(Stream stream)
    {
        var bytes = new byte[HeadBytes];
        stream.Position = 0;
        var head = Encoding.Latin1.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, false));
        stream.Position = 0;
        if (
            head.Contains("\u0006Result", StringComparison.Ordinal)
            && head.Contains("\u0006Attack", StringComparison.Ordinal)
        )
            throw new InvalidDataException(
                "it is in vegeta's own encoding (gob): 'vegeta encode FILE > results.json' writes one that can be read"
            );
        var vegeta = $"vegeta {NotDue}; bytes are those of bodies";
        return head.StartsWith(HeyColumns, StringComparison.Ordinal)
                ? new($"hey {NotDue}; bytes and requests without an answer are missing", (_, line) => OfHey(line))
            : VegetaJson().IsMatch(head) ? new(vegeta, (records, line) => records.OfVegetaJson(line))
            : VegetaCsv().IsMatch(head) ? new(vegeta, (records, line) => records.OfVegetaCsv(line))
            : null;
    }

    /// <summary>Reads the records of a file, in its order.</summary>
    /// <exception cref="InvalidDataException">A line is not a record; the message says which.</exception>
    public IEnumerable<RequestRecord> Read(Stream stream)
    {
        stream.Position = 0;
        var starts = TextRecords.Lines(stream, MaxLine, _parse).Select(entry => entry.Start).Order().ToArray();
        stream.Position = 0;
        foreach (var entry in TextRecords.Lines(stream, MaxLine, _parse))
        {
            var start = TimeSpan.FromTicks(entry.Start - starts[0]);
            yield return entry.Record with
            {
                Sequence = LowerBound(starts, entry.Start),
                IntendedStart = start,
                Start = start,
                End = start + entry.Duration,
            };
        }
    }

    private static int LowerBound(long[] sorted, long value)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sorted[middle] < value ? (middle + 1, high) : (low, middle);
        }
        return low;
    }

    private static Entry? OfHey(string line)
    {
        if (line.StartsWith(HeyColumns, StringComparison.Ordinal))
            return null;
        var fields = line.Split(',');
        return fields.Length == 8
            ? EntryOf(Ticks(fields[7]), Ticks(fields[0]), Number(fields[6]))
            : throw new FormatException($"expected 8 fields, found {fields.Length}");

        static long Ticks(string seconds) =>
            checked((long)(decimal.Parse(seconds, CultureInfo.InvariantCulture) * TimeSpan.TicksPerSecond));
    }

    private Entry? OfVegetaJson(string line)
    {
        using var document = JsonDocument.Parse(line);
        var record = document.RootElement;
        var entry = EntryOf(
            record.GetProperty("timestamp").GetDateTimeOffset().UtcTicks,
            OfNanoseconds(record.GetProperty("latency").GetInt64()),
            record.GetProperty("code").GetInt32(),
            record.GetProperty("bytes_in").GetInt64(),
            record.GetProperty("error").GetString()
        );
        var body = record.TryGetProperty("body", out var base64) ? base64 : default;
        return WithResponder(
            entry,
            name => record.TryGetProperty("headers", out var headers) ? Header(headers, name) : null,
            body.ValueKind is JsonValueKind.String ? body.GetBytesFromBase64() : []
        );
    }

    private static string? Header(JsonElement headers, string name) =>
        headers.ValueKind is JsonValueKind.Object
            ? headers
                .EnumerateObject()
                .Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                .SelectMany(header => header.Value.EnumerateArray())
                .Select(value => value.GetString())
                .FirstOrDefault()
            : null;

    private Entry? OfVegetaCsv(string line)
    {
        var fields = TextRecords.FieldsOfCsv(line);
        if (fields.Length != 12)
            throw new FormatException($"expected 12 fields, found {fields.Length}");
        var entry = EntryOf(
            OfNanoseconds(long.Parse(fields[0], CultureInfo.InvariantCulture)),
            OfNanoseconds(long.Parse(fields[2], CultureInfo.InvariantCulture)),
            Number(fields[1]),
            long.Parse(fields[4], CultureInfo.InvariantCulture),
            fields[5]
        );
        var headers = Encoding.Latin1.GetString(Convert.FromBase64String(fields[11])).Split("\r\n");
        return WithResponder(
            entry,
            name =>
                Array
                    .Find(headers, header => header.StartsWith($"{name}: ", StringComparison.OrdinalIgnoreCase))
                    ?[(name.Length + 2)..],
            Convert.FromBase64String(fields[6])
        );
    }

    private static long OfNanoseconds(long time) =>
        time >= 0 ? time / 100 : throw new FormatException($"{time} ns: expected 0 or more");

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static Entry EntryOf(long start, long duration, int status, long bytes = 0, string? error = null)
    {
        if (duration < 0 || bytes < 0 || status is < 0 or > 999)
            throw new FormatException($"expected a time, a status and a size, found {duration}, {status}, {bytes}");
        var (outcome, errno) = status > 0 ? (Outcome.Response, 0) : OutcomeOf(error ?? "");
        var record = new RequestRecord
        {
            Sequence = 0,
            Connection = -1,
            Outcome = outcome,
            Errno = errno,
            Status = status,
            BytesReceived = bytes,
        };
        return new(start, TimeSpan.FromTicks(duration), record);
    }

    private static (Outcome Outcome, int Errno) OutcomeOf(string error)
    {
        bool Says(string text) => error.Contains(text, StringComparison.Ordinal);
        var isConnecting = Says("dial ");
        if (Array.Find(s_errors, known => Says(known.Text)) is { Text: not null, Errno: var errno })
            return (isConnecting ? Errno.ConnectOutcome(errno) : Errno.ConnectedOutcome(errno), errno);
        if (Says("timeout") || Says("Timeout") || Says("deadline exceeded"))
            return (isConnecting ? Outcome.ConnectTimeout : Outcome.NoAnswer, 0);
        return (
            isConnecting || Says("tls: ") || Says("x509: ") ? Outcome.ConnectError
            : Says("malformed") ? Outcome.Malformed
            : Outcome.ClosedEarly,
            0
        );
    }

    private Entry WithResponder(Entry entry, Func<string, string?> header, byte[] body)
    {
        var rule = ResponderRule.Default;
        string? Named(byte[] name) =>
            header(Encoding.ASCII.GetString(name)) is { } value ? _names.Get(Encoding.Latin1.GetBytes(value)) : null;
        var (pod, node) = (Named(rule.PodHeader), Named(rule.NodeHeader));
        if (pod is null)
            rule.ReadBody(body, _names, ref pod, ref node);
        return entry with { Record = entry.Record with { Pod = pod, Node = node } };
    }

    [GeneratedRegex("""^\s*\{"attack":.*"code":\d+,.*"latency":""")]
    private static partial Regex VegetaJson();

    [GeneratedRegex(@"^\d{16,19},\d{1,3},\d+,\d+,\d+,")]
    private static partial Regex VegetaCsv();

    /// <param name="Start">Its start on the program's clock, 100 ns.</param>
    /// <param name="Duration">From there to its end.</param>
    /// <param name="Record">The rest.</param>
    private readonly record struct Entry(long Start, TimeSpan Duration, RequestRecord Record);
}
