using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace CiliumDebugging.Measurement.Reports.Document;

/// <summary>Writes and reads <c>report.json</c>.</summary>
public static class ReportJson
{
    /// <summary>Name of the file in a run's folder.</summary>
    public const string FileName = "report.json";

    /// <summary>Largest file that is read, bytes.</summary>
    public const long MaxBytes = 64 << 20;

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        // The file is read by people and tools, never pasted into a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>The document as JSON.</summary>
    public static string Write(ReportDocument document) => JsonSerializer.Serialize(document, s_options);

    /// <summary>Reads a document.</summary>
    /// <exception cref="InvalidDataException">It is not a report, or of another version; the message says what was
    /// found
    /// and what is expected.</exception>
    public static ReportDocument Read(string json)
    {
        try
        {
            using var parsed = JsonDocument.Parse(json);
            var root = parsed.RootElement;
            if (
                root.ValueKind is not JsonValueKind.Object
                || !root.TryGetProperty("schema", out var schema)
                || schema.ValueKind is not JsonValueKind.String
                || schema.GetString() != ReportDocument.SchemaName
            )
                throw new InvalidDataException(
                    $"it is not a report: the field 'schema' is not '{ReportDocument.SchemaName}'"
                );
            if (
                !root.TryGetProperty("version", out var version)
                || !version.TryGetInt32(out var number)
                || number != ReportDocument.SchemaVersion
            )
                throw new InvalidDataException(
                    "its version is "
                        + $"{(root.TryGetProperty("version", out var found) ? found.ToString() : "missing")}; this "
                        + $"program reads version {ReportDocument.SchemaVersion}"
                );
            return root.Deserialize<ReportDocument>(s_options) ?? throw new InvalidDataException("it is JSON null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"it is not a report: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"it is not a report: {e.Message}", e);
        }
    }

    /// <summary>Reads a file, or the <c>report.json</c> of a folder.</summary>
    /// <exception cref="InvalidDataException">It is not a report; the message names the file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ReportDocument ReadFile(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        if (new FileInfo(file) is { Exists: true, Length: > MaxBytes } large)
            throw new InvalidDataException(
                $"{file}: {large.Length} bytes are more than a report has (at most {MaxBytes})"
            );
        try
        {
            return Read(File.ReadAllText(file));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{file}: {e.Message}", e);
        }
    }
}
