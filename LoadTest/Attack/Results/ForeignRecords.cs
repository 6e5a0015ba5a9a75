using System.Net;
using System.Text;
using System.Text.Json;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>
/// Results of other load generators as records: vegeta's JSON and CSV (<c>vegeta encode</c>) and hey's CSV
/// (<c>hey -o csv</c>). A file is read twice: requests are numbered by their starts, and it has them by their ends.
/// </summary>
internal sealed class ForeignRecords
{
    /// <summary>Longest line, in characters: a record of vegeta has the answer's body.</summary>
    private const int MaxLine = 16 << 20;

    /// <summary>The part of a file by which it is recognised, bytes.</summary>
    private const int HeadBytes = 512;

    private const string NotDue = "does not record when a request was due: latency counts from its real start";

    private const string Seconds = "response-time";
    private const string Status = "status-code";
    private const string Offset = "offset";

    /// <summary>Longest time in a record, seconds: sums of times stay in range.</summary>
    private const long MaxSeconds = 1_000_000_000;

    private const int MaxStatus = 999;

    private const long MaxNanoseconds = MaxSeconds * 1_000_000_000;

    // The columns of vegeta's CSV, which has no header, and the fields of its JSON.
    private static readonly string[] s_vegeta =
        "timestamp code latency bytes_out bytes_in error body attack seq method url headers".Split(' ');

    private static readonly string[] s_hey = [Seconds, Status, Offset];

    private readonly Func<string, Entry?> _parse;
    private readonly ResponderNames _names = new();

    private ForeignRecords(string note, Func<ForeignRecords, string, Entry?> parse)
    {
        Note = note;
        _parse = line => parse(this, line);
    }

    /// <summary>What the program does not record, and what that means for the results.</summary>
    public string Note { get; }

    /// <summary>Recognises a file by the names or values of its first line, whatever their order.</summary>
    /// <param name="stream">Its content; must be seekable, and is at its beginning afterwards.</param>
    /// <returns>How it is read; null: the file is not one of these programs'.</returns>
    /// <exception cref="InvalidDataException">It is vegeta's own encoding.</exception>
    public static ForeignRecords? Of(Stream stream)
    {
        var bytes = new byte[HeadBytes];
        stream.Position = 0;
        var head = Encoding.Latin1.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, false));
        if (
            head.Contains("\u0006Result", StringComparison.Ordinal)
            && head.Contains("\u0006Attack", StringComparison.Ordinal)
        )
            throw new InvalidDataException(
                "it is in vegeta's own encoding (gob): 'vegeta encode FILE > results.json' writes one that can be read"
            );
        stream.Position = 0;
        var first = TextRecords.FirstLine(stream, MaxLine);
        stream.Position = 0;
        var vegeta = $"vegeta {NotDue}; bytes are those of bodies";
        var columns = first.Split(',');
        return columns.Intersect(s_hey, StringComparer.Ordinal).Count() > 1
                ? new($"hey {NotDue}; bytes and requests without an answer are missing", (_, line) =>
                    line == first ? null : OfHey(columns, line)
                )
            : IsVegetaJson(first) ? new(vegeta, (records, line) => records.OfVegetaJson(line))
            : IsVegetaCsv(first) ? new(vegeta, (records, line) => records.OfVegetaCsv(line))
            : null;
    }

    /// <summary>Whether a line is an object with some of vegeta's fields, of which this program's have none.</summary>
    private static bool IsVegetaJson(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement is { ValueKind: JsonValueKind.Object } record
                && s_vegeta.Count(name => record.TryGetProperty(name, out _)) > 2;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Whether a line begins with a time in nanoseconds, or has most of vegeta's numbers in their columns.</summary>
    private static bool IsVegetaCsv(string line)
    {
        var fields = TextRecords.FieldsOfCsv(line);
        return IsNumber(fields[0]) && fields[0].Length is >= 16 and <= 19
            || (fields.Length == s_vegeta.Length && fields.Take(5).Count(IsNumber) > 2);

        static bool IsNumber(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);
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

    private static Entry OfHey(string[] columns, string line)
    {
        var fields = new ForeignFields(columns, line.Split(','));
        return EntryOf(
            fields[Offset].Seconds(MaxSeconds),
            fields[Seconds].Seconds(MaxSeconds),
            fields[Status].Number(MaxStatus)
        );
    }

    private Entry OfVegetaJson(string line)
    {
        using var document = JsonDocument.Parse(line);
        var fields = new ForeignObject(document.RootElement);
        var entry = EntryOf(
            fields.Time("timestamp"),
            fields["latency"].Number(MaxNanoseconds) / 100,
            fields["code"].Number(MaxStatus),
            fields["bytes_in"].Number(),
            fields.Text("error")
        );
        return WithResponder(
            entry,
            name => fields.Header("headers", name) is { } value ? _names.Get(value) : null,
            fields.Base64("body")
        );
    }

    private Entry OfVegetaCsv(string line)
    {
        var fields = new ForeignFields(s_vegeta, TextRecords.FieldsOfCsv(line));
        var entry = EntryOf(
            fields["timestamp"].Number() / 100,
            fields["latency"].Number(MaxNanoseconds) / 100,
            fields["code"].Number(MaxStatus),
            fields["bytes_in"].Number(),
            fields["error"].Text
        );
        var headers = Encoding.Latin1.GetString(fields["headers"].Base64()).Split("\r\n");
        return WithResponder(
            entry,
            name =>
                Array.Find(headers, header => header.StartsWith($"{name}: ", StringComparison.OrdinalIgnoreCase))
                    is { } header
                    ? _names.Get(Encoding.Latin1.GetBytes(header[(name.Length + 2)..]))
                    : null,
            fields["body"].Base64()
        );
    }

    private static Entry EntryOf(long start, long duration, long status, long bytes = 0, string? error = null)
    {
        var (outcome, errno) = status > 0 ? (Outcome.Response, 0) : GoError.OutcomeOf(error ?? "");
        var record = new RequestRecord
        {
            Sequence = 0,
            Connection = -1,
            Outcome = outcome,
            Errno = errno,
            Status = (int)status,
            BytesReceived = bytes,
        };
        return new(start, TimeSpan.FromTicks(duration), record);
    }

    private Entry WithResponder(Entry entry, Func<string, string?> nameIn, byte[] body)
    {
        var rule = ResponderRule.Default;
        var pod = nameIn(Encoding.ASCII.GetString(rule.PodHeader));
        var node = nameIn(Encoding.ASCII.GetString(rule.NodeHeader));
        if (pod is null)
            rule.ReadBody(body, _names, ref pod, ref node);
        return entry with { Record = entry.Record with { Pod = pod, Node = node } };
    }

    /// <param name="Start">Its start on the program's clock, 100 ns.</param>
    /// <param name="Duration">From there to its end.</param>
    /// <param name="Record">The rest.</param>
    private readonly record struct Entry(long Start, TimeSpan Duration, RequestRecord Record);
}
