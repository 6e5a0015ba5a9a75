using CiliumDebugging.LoadTest.Attack.Records;

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
    /// <summary>The format for a file name: .csv, .json (or .jsonl), otherwise binary.</summary>
    public static RecordFormat FormatOf(string path) =>
        Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".csv" => RecordFormat.Csv,
            ".json" or ".jsonl" => RecordFormat.Json,
            _ => RecordFormat.Binary,
        };

    /// <summary>Reads records from a file in any of the formats (recognised by content), one at a time.</summary>
    /// <exception cref="InvalidDataException">The file holds something else, or ends within a record; the message says
    /// where.</exception>
    public static IEnumerable<RequestRecord> Read(string path)
    {
        using var stream = File.OpenRead(path);
        var records = BinaryRecords.IsHead(stream) ? BinaryRecords.Read(stream) : TextRecords.Read(stream);
        foreach (var record in records)
            yield return record;
    }

    internal static IRecordWriter Write(Stream stream, RecordFormat format) =>
        format is RecordFormat.Binary ? new BinaryRecords.Writer(stream) : new TextRecords.Writer(stream, format);
}

/// <summary>Writes records in one format.</summary>
internal interface IRecordWriter : IDisposable
{
    void Write(in RequestRecord record);
}
