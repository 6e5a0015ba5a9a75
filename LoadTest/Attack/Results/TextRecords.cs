using System.Globalization;
using System.Text;
using System.Text.Json;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>The text formats: CSV (RFC 4180) and JSON lines, with the same fields. Times are microseconds since the
/// epoch, exact to 0.1.</summary>
internal static class TextRecords
{
    /// <summary>Longest line that may be a record, in characters: two names and twelve numbers.</summary>
    private const int MaxLine = 8192;

    /// <summary>This many names are one string each; further ones are read all the same.</summary>
    private const int MaxNames = 10_000;

    private static readonly string[] s_columns =
    [
        "sequence",
        "intended_us",
        "start_us",
        "end_us",
        "source_port",
        "connection",
        "request_on_connection",
        "outcome",
        "status",
        "pod",
        "node",
        "bytes",
        "errno",
        "fault",
    ];

    private static readonly string s_head = string.Join(',', s_columns);

    public static IEnumerable<RequestRecord> Read(Stream stream)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        return Lines<RequestRecord>(stream, MaxLine, line =>
            line == s_head ? null : FromFields(line[0] == '{' ? FieldsOfJson(line) : FieldsOfCsv(line), names)
        );
    }

    /// <summary>Reads a file line by line. Empty lines are left out.</summary>
    /// <param name="stream">Its content, which stays open.</param>
    /// <param name="maxLine">Longest line, in characters.</param>
    /// <param name="parse">Reads a line; null: the line has nothing.</param>
    /// <exception cref="InvalidDataException">A line cannot be read; the message says which.</exception>
    internal static IEnumerable<T> Lines<T>(Stream stream, int maxLine, Func<string, T?> parse)
        where T : struct
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        var isEmpty = true;
        for (var number = 1; ReadLine(reader, number, maxLine) is { } line; number++)
        {
            if (line.Length == 0)
                continue;
            isEmpty = false;
            T? parsed;
            try
            {
                parsed = parse(line);
            }
            catch (JsonException e)
            {
                throw new InvalidDataException(
                    $"line {number} is not a record: it is not valid JSON from byte {e.BytePositionInLine + 1} on",
                    e
                );
            }
            catch (Exception e)
                when (e
                        is FormatException
                            or OverflowException
                            or ArgumentException
                            or InvalidOperationException
                            or KeyNotFoundException
                )
            {
                throw new InvalidDataException($"line {number} is not a record: {e.Message}", e);
            }
            if (parsed is { } value)
                yield return value;
        }
        if (isEmpty)
            throw new InvalidDataException("the file is empty");
    }

    /// <summary>The first line of a file that is not empty; empty when there is none.</summary>
    /// <exception cref="InvalidDataException">It is longer than that.</exception>
    internal static string FirstLine(Stream stream, int maxLine)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        for (var number = 1; ReadLine(reader, number, maxLine) is { } line; number++)
            if (line.Length > 0)
                return line;
        return "";
    }

    /// <summary>The next line, of bounded length: a file of others may be one line without an end.</summary>
    private static string? ReadLine(StreamReader reader, int number, int maxLine)
    {
        if (reader.EndOfStream)
            return null;
        var line = new StringBuilder();
        for (var c = reader.Read(); c >= 0 && c != '\n'; c = reader.Read())
        {
            if (line.Length >= maxLine)
                throw new InvalidDataException($"line {number} is longer than {maxLine} characters: not a record");
            line.Append((char)c);
        }
        return line is [.., '\r'] ? line.ToString(0, line.Length - 1) : line.ToString();
    }

    private static string[] ToFields(in RequestRecord record) =>
        [
            Number(record.Sequence),
            Microseconds(record.IntendedStart),
            Microseconds(record.Start),
            Microseconds(record.End),
            Number(record.SourcePort),
            Number(record.Connection),
            Number(record.RequestOnConnection),
            record.Outcome.ToString(),
            Number(record.Status),
            record.Pod ?? "",
            record.Node ?? "",
            Number(record.BytesReceived),
            Number(record.Errno),
            record.Fault.ToString(),
        ];

    private static RequestRecord FromFields(string[] fields, Dictionary<string, string> names)
    {
        if (fields.Length != s_columns.Length)
            throw new FormatException($"expected {s_columns.Length} fields, found {fields.Length}");
        return new RequestRecord
        {
            Sequence = Field(fields, 0, Long),
            IntendedStart = Field(fields, 1, Time),
            Start = Field(fields, 2, Time),
            End = Field(fields, 3, Time),
            SourcePort = Field(fields, 4, Int),
            Connection = Field(fields, 5, Long),
            RequestOnConnection = Field(fields, 6, Int),
            Outcome = Field(fields, 7, Named<Outcome>),
            Status = Field(fields, 8, Int),
            Pod = Name(fields[9], names),
            Node = Name(fields[10], names),
            BytesReceived = Field(fields, 11, Long),
            Errno = Field(fields, 12, Int),
            Fault = Field(fields, 13, Named<ResponseFault>),
        };
    }

    private static T Field<T>(string[] fields, int column, Func<string, T> read)
    {
        try
        {
            return read(fields[column]);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new FormatException($"{s_columns[column]} '{fields[column]}' is not possible", e);
        }
    }

    // Parse takes any number for an enum.
    private static T Named<T>(string text)
        where T : struct, Enum =>
        Enum.TryParse<T>(text, out var value) && Enum.GetName(value) == text ? value : throw new FormatException();

    private static string? Name(string text, Dictionary<string, string> names)
    {
        if (text.Length == 0)
            return null;
        if (!names.TryGetValue(text, out var name) && names.Count < MaxNames)
            names.Add(text, name = text);
        return name ?? text;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Microseconds(TimeSpan time) => (time.Ticks / 10m).ToString(CultureInfo.InvariantCulture);

    private static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static TimeSpan Time(string text) => new((long)(decimal.Parse(text, CultureInfo.InvariantCulture) * 10));

    private static string[] FieldsOfJson(string line)
    {
        using var document = JsonDocument.Parse(line);
        return
        [
            .. s_columns
                .Select(column =>
                    document.RootElement.TryGetProperty(column, out var value)
                        ? value
                        : throw new FormatException($"field '{column}' is missing")
                )
                .Select(value => value.ValueKind is JsonValueKind.Null ? "" : value.ToString()),
        ];
    }

    internal static string[] FieldsOfCsv(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"')
                field.Append(line[i++]);
            else if (line[i] == '"')
                quoted = !quoted;
            else if (line[i] == ',' && !quoted)
                (fields, field) = ([.. fields, field.ToString()], field.Clear());
            else
                field.Append(line[i]);
        }
        return [.. fields, field.ToString()];
    }

    internal sealed class Writer : IRecordWriter
    {
        private readonly StreamWriter _writer;
        private readonly bool _json;

        public Writer(Stream stream, RecordFormat format)
        {
            _writer = new StreamWriter(stream);
            _json = format is RecordFormat.Json;
            if (!_json)
                _writer.Write(s_head + "\n");
        }

        public void Write(in RequestRecord record)
        {
            var fields = ToFields(record);
            for (var i = 0; i < fields.Length; i++)
            {
                _writer.Write(i == 0 ? (_json ? "{" : "") : ",");
                if (_json)
                    _writer.Write($"\"{s_columns[i]}\":{JsonValue(i, fields[i])}");
                else
                    _writer.Write(
                        fields[i].AsSpan().ContainsAny(',', '"')
                            ? $"\"{fields[i].Replace("\"", "\"\"", StringComparison.Ordinal)}\""
                            : fields[i]
                    );
            }
            _writer.Write(_json ? "}\n" : "\n");
        }

        public void Dispose() => _writer.Dispose();

        private static string JsonValue(int column, string field) =>
            s_columns[column] switch
            {
                "pod" or "node" when field.Length == 0 => "null",
                "pod" or "node" or "outcome" or "fault" => JsonSerializer.Serialize(field),
                _ => field,
            };
    }
}
