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

    public static IEnumerable<RequestRecord> Read(Stream stream)
    {
        using var reader = new StreamReader(stream);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (line.Length == 0 || (number == 1 && line == string.Join(',', s_columns)))
                continue;
            RequestRecord record;
            try
            {
                record = FromFields(line[0] == '{' ? FieldsOfJson(line) : FieldsOfCsv(line), names);
            }
            catch (Exception e)
                when (e
                        is FormatException
                            or JsonException
                            or OverflowException
                            or ArgumentException
                            or InvalidOperationException
                            or KeyNotFoundException
                )
            {
                throw new InvalidDataException($"line {number} is not a record: {e.Message}", e);
            }
            yield return record;
        }
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
            Sequence = Long(fields[0]),
            IntendedStart = Time(fields[1]),
            Start = Time(fields[2]),
            End = Time(fields[3]),
            SourcePort = (int)Long(fields[4]),
            Connection = Long(fields[5]),
            RequestOnConnection = (int)Long(fields[6]),
            Outcome = Named<Outcome>(fields[7]),
            Status = (int)Long(fields[8]),
            Pod = Name(fields[9], names),
            Node = Name(fields[10], names),
            BytesReceived = Long(fields[11]),
            Errno = (int)Long(fields[12]),
            Fault = Named<ResponseFault>(fields[13]),
        };
    }

    // Parse takes any number for an enum.
    private static T Named<T>(string text)
        where T : struct, Enum =>
        Enum.Parse<T>(text) is var value && Enum.IsDefined(value)
            ? value
            : throw new FormatException($"'{text}' is not a {typeof(T).Name}");

    private static string? Name(string text, Dictionary<string, string> names)
    {
        if (text.Length == 0)
            return null;
        if (!names.TryGetValue(text, out var name))
            names.Add(text, name = text);
        return name;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Microseconds(TimeSpan time) => (time.Ticks / 10m).ToString(CultureInfo.InvariantCulture);

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static TimeSpan Time(string text) => new((long)(decimal.Parse(text, CultureInfo.InvariantCulture) * 10));

    private static string[] FieldsOfJson(string line)
    {
        using var document = JsonDocument.Parse(line);
        return
        [
            .. s_columns
                .Select(column => document.RootElement.GetProperty(column))
                .Select(value => value.ValueKind is JsonValueKind.Null ? "" : value.ToString()),
        ];
    }

    private static string[] FieldsOfCsv(string line)
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
                _writer.Write(string.Join(',', s_columns) + "\n");
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
