using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.ServiceDefaults.Files;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>Form of a file of records.</summary>
public enum RecordFormat
{
    /// <summary>Compact: 25 to 31 bytes a record.</summary>
    Binary,

    /// <summary>One line per record under a line of column names.</summary>
    Csv,

    /// <summary>One JSON object per line.</summary>
    Json,
}

/// <summary>Files of records; what was written is read back exactly, in every format.</summary>
public static class RecordFile
{
    /// <summary>The format for a file name: .bin, .csv, or .json (or .jsonl); null for another.</summary>
    public static RecordFormat? FormatOf(string path) =>
        Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".csv" => RecordFormat.Csv,
            ".json" or ".jsonl" => RecordFormat.Json,
            ".bin" => RecordFormat.Binary,
            _ => null,
        };

    /// <summary>Reads records from a file in any of the formats, or of vegeta or hey (recognised by content), one at a
    /// time.</summary>
    /// <exception cref="InvalidDataException">The file holds something else or no record, or ends within one; the message
    /// says where.</exception>
    public static IEnumerable<RequestRecord> Read(string path) => Read(path, new RequestNumbers());

    /// <inheritdoc cref="Read(string)"/>
    /// <param name="path">The file.</param>
    /// <param name="numbers">Gets the numbers of the requests as they are read; none of another program's file.</param>
    internal static IEnumerable<RequestRecord> Read(string path, RequestNumbers numbers)
    {
        using var stream = RegularFile.OpenRead(path);
        foreach (var record in Read(stream, numbers))
            yield return record;
    }

    /// <inheritdoc cref="Read(string)"/>
    /// <param name="stream">The file's content; must be seekable.</param>
    public static IEnumerable<RequestRecord> Read(Stream stream) => Read(stream, new RequestNumbers());

    private static IEnumerable<RequestRecord> Read(Stream stream, RequestNumbers numbers)
    {
        var number = 0L;
        // Only once: the stream is past the head afterwards.
        var isBinary = BinaryRecords.IsHead(stream);
        var foreign = isBinary ? null : ForeignRecords.Of(stream);
        var records =
            isBinary ? BinaryRecords.Read(stream)
            : foreign is not null ? foreign.Read(stream)
            : TextRecords.Read(stream);
        foreach (var record in records)
        {
            number++;
            if (record.Problem() is { } problem)
                throw new InvalidDataException($"record {number} is not possible: {problem}");
            // Other programs number no requests.
            if (foreign is null && !numbers.Add(record.Sequence))
                throw new InvalidDataException(
                    $"record {number} is of request {record.Sequence}, as another before it"
                );
            yield return record;
        }
        if (number == 0)
            throw new InvalidDataException("the file has no record");
    }

    /// <summary>What the records of another program lack; null: the file is this program's.</summary>
    /// <exception cref="InvalidDataException">The file is in an encoding that is not read.</exception>
    public static string? ForeignNote(string path)
    {
        using var stream = RegularFile.OpenRead(path);
        return BinaryRecords.IsHead(stream) ? null : ForeignRecords.Of(stream)?.Note;
    }

    internal static IRecordWriter Write(Stream stream, RecordFormat format) =>
        format is RecordFormat.Binary ? new BinaryRecords.Writer(stream) : new TextRecords.Writer(stream, format);
}

/// <summary>Writes records in one format.</summary>
internal interface IRecordWriter : IDisposable
{
    void Write(in RequestRecord record);
}
