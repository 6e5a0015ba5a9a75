using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CiliumDebugging.ServiceDefaults.Files;

namespace CiliumDebugging.Measurement.Reports.Document;

/// <summary>Writes and reads <c>report.json</c>.</summary>
public static class ReportJson
{
    /// <summary>Name of the file in a run's folder.</summary>
    public const string FileName = "report.json";

    /// <summary>Largest file that is read, bytes.</summary>
    public const int MaxBytes = 64 << 20;

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
    /// <exception cref="InvalidDataException">It is not a report, or of another version, or its numbers contradict one
    /// another; the message says what was found and what is expected.</exception>
    public static ReportDocument Read(string json)
    {
        var document = Parse(json);
        ReportNumbers.Check(document);
        return document;
    }

    /// <summary>Reads a document as it is.</summary>
    /// <exception cref="InvalidDataException">It is not a report, or of another version.</exception>
    internal static ReportDocument Parse(string json)
    {
        try
        {
            using var parsed = ParseText(json);
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
                || version.ValueKind is not JsonValueKind.Number
                || !version.TryGetInt32(out var number)
                || number != ReportDocument.SchemaVersion
            )
                throw new InvalidDataException(
                    "its version is "
                        + $"{(root.TryGetProperty("version", out var found) ? found.GetRawText() : "missing")}; this "
                        + $"program reads version {ReportDocument.SchemaVersion}"
                );
            var document = Deserialize(root);
            Check(root, "");
            CheckLengths(document);
            return document;
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException(
                "it is not a report: a text has half a character (an escape \\uD8… alone)",
                e
            );
        }
    }

    private static JsonDocument ParseText(string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"it is not a report: it is not valid JSON from line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1} on",
                e
            );
        }
    }

    private static ReportDocument Deserialize(JsonElement root)
    {
        try
        {
            return root.Deserialize<ReportDocument>(s_options)!;
        }
        catch (JsonException e)
        {
            var problem = new ReportShape(s_options).Problem(root, typeof(ReportDocument));
            throw new InvalidDataException(problem ?? "it is not a report: a field has a value of another kind", e);
        }
    }

    /// <summary>Fields that may be less than 0.</summary>
    private static readonly string[] s_signed = ["difference", "at", "start"];

    /// <summary>
    /// What the types cannot say: nothing in a list is missing, and nothing was counted less than never.
    ///</summary>
    private static void Check(JsonElement element, string path)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var field in element.EnumerateObject())
                {
                    var at = $"{path}.{field.Name}";
                    if (
                        field.Value.ValueKind is JsonValueKind.Number
                        && field.Value.GetDouble() < 0
                        && !s_signed.Contains(field.Name)
                    )
                        throw new InvalidDataException($"{at.TrimStart('.')} is {field.Value}: expected 0 or more");
                    Check(field.Value, at);
                }
                break;
            case JsonValueKind.Number when !double.IsFinite(element.GetDouble()):
                throw new InvalidDataException($"{path.TrimStart('.')} is {element}: expected a number of 64 bits");
            case JsonValueKind.Array:
                var n = 0;
                foreach (var item in element.EnumerateArray())
                {
                    var at = $"{path}[{n++}]";
                    // A Pod that was not there yet has no count.
                    if (
                        item.ValueKind is JsonValueKind.Null
                        && !path.StartsWith(".series.pods[", StringComparison.Ordinal)
                    )
                        throw new InvalidDataException($"{at.TrimStart('.')} is null");
                    Check(item, at);
                }
                break;
        }
    }

    private static void CheckLengths(ReportDocument document)
    {
        if (document.Phases.IsEmpty)
            throw new InvalidDataException("phases is empty: a report has at least one");
        var samples = document.Series.At.Length;
        var different = document.Series.Pods.FirstOrDefault(p =>
            p.Responses.Values.Append(p.Echo).Append(p.Requests).Any(counts => counts.Length != samples)
        );
        if (different is not null)
            throw new InvalidDataException(
                $"series: the counts of {different.Pod} are not {samples}, as many as there are moments"
            );
    }

    /// <summary>Reads a file, or the <c>report.json</c> of a folder.</summary>
    /// <exception cref="InvalidDataException">It is not a report; the message names the file.</exception>
    /// <exception cref="IOException">It cannot be read, or is not a regular file of at most 64 MiB.</exception>
    public static ReportDocument ReadFile(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        try
        {
            return Read(RegularFile.ReadText(file, MaxBytes));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{file}: {e.Message}", e);
        }
    }
}
