using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CiliumDebugging.Measurement.Reports.Document;

/// <summary>Says in the document's own words why JSON is not a document: which field has which value, and what is
/// expected there.</summary>
/// <param name="options">How the document is read.</param>
internal sealed class ReportShape(JsonSerializerOptions options)
{
    /// <summary>Longest part of a value that is quoted, in characters.</summary>
    private const int MaxQuoted = 40;

    /// <summary>What is wrong first; null when nothing is found.</summary>
    /// <param name="element">The document, or a part of it.</param>
    /// <param name="type">The type that it should have.</param>
    /// <param name="path">Its place; empty for the whole.</param>
    public string? Problem(JsonElement element, Type type, string path = "")
    {
        var info = options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
        return element.ValueKind switch
        {
            JsonValueKind.Object when info.Kind is JsonTypeInfoKind.Object => ProblemOfFields(element, info, path),
            JsonValueKind.Object when info.Kind is JsonTypeInfoKind.Dictionary => element
                .EnumerateObject()
                .Select(entry => ProblemOfEntry(entry, info, Join(path, entry.Name)))
                .FirstOrDefault(problem => problem is not null),
            JsonValueKind.Array when info.Kind is JsonTypeInfoKind.Enumerable => element
                .EnumerateArray()
                .Select((item, i) => ProblemOfItem(item, info, string.Create(Invariant, $"{path}[{i}]")))
                .FirstOrDefault(problem => problem is not null),
            _ => info.Kind is JsonTypeInfoKind.None && IsReadable(element, info)
                ? null
                : Wrong(path, element, Expected(info)),
        };
    }

    private static CultureInfo Invariant => CultureInfo.InvariantCulture;

    private string? ProblemOfFields(JsonElement element, JsonTypeInfo info, string path)
    {
        // What only its getter gives is written and not read.
        foreach (var field in info.Properties.Where(p => p.Set is not null || p.AssociatedParameter is not null))
        {
            var at = Join(path, field.Name);
            if (!TryGet(element, field.Name, out var value))
            {
                if (field.IsRequired || field.AssociatedParameter is { HasDefaultValue: false })
                    return $"{at} is missing: expected {Expected(options.GetTypeInfo(field.PropertyType))}";
            }
            else if (value.ValueKind is JsonValueKind.Null)
            {
                if (!MayBeNull(field))
                    return Wrong(at, value, Expected(options.GetTypeInfo(field.PropertyType)));
            }
            else if (Problem(value, field.PropertyType, at) is { } problem)
            {
                return problem;
            }
        }
        return null;
    }

    private string? ProblemOfEntry(JsonProperty entry, JsonTypeInfo info, string path) =>
        info.KeyType == typeof(int) && !int.TryParse(entry.Name, NumberStyles.AllowLeadingSign, Invariant, out _)
            ? $"{path}: expected a whole number as the field's name"
            : ProblemOfItem(entry.Value, info, path);

    private string? ProblemOfItem(JsonElement item, JsonTypeInfo info, string path) =>
        item.ValueKind is not JsonValueKind.Null ? Problem(item, info.ElementType!, path)
        : Nullable.GetUnderlyingType(info.ElementType!) is null ? $"{path} is null"
        : null;

    private bool IsReadable(JsonElement element, JsonTypeInfo info)
    {
        try
        {
            element.Deserialize(info.Type, options);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool MayBeNull(JsonPropertyInfo field) =>
        field.PropertyType.IsValueType
            ? Nullable.GetUnderlyingType(field.PropertyType) is not null
            : field.AssociatedParameter?.IsNullable ?? field.IsSetNullable;

    // As the document is read: in any case.
    private static bool TryGet(JsonElement element, string name, out JsonElement value)
    {
        if (element.TryGetProperty(name, out value))
            return true;
        foreach (var field in element.EnumerateObject())
        {
            if (!field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                continue;
            value = field.Value;
            return true;
        }
        return false;
    }

    private static string Expected(JsonTypeInfo info) =>
        info.Kind switch
        {
            JsonTypeInfoKind.Enumerable => "a list",
            JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => "an object",
            _ => (Nullable.GetUnderlyingType(info.Type) ?? info.Type) switch
            {
                var type when type == typeof(string) => "a text",
                var type when type == typeof(bool) => "true or false",
                var type when type == typeof(int) || type == typeof(long) => "a whole number of its size",
                var type when type == typeof(double) => "a number",
                var type when type == typeof(DateTimeOffset) => "a time such as 2026-01-31T12:00:00Z",
                _ => "another value",
            },
        };

    private static string Wrong(string path, JsonElement value, string expected)
    {
        var text = value.GetRawText();
        text = text.Length > MaxQuoted ? $"{text[..MaxQuoted]}…" : text;
        return $"{(path.Length == 0 ? "it" : path)} is {text}: expected {expected}";
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
