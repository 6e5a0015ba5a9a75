using System.Globalization;
using System.Text.Json;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>A value of another program's record; one that is not possible is quoted with what it should be.</summary>
/// <param name="Name">Name of the field.</param>
/// <param name="Value">The value as written, in JSON with its quotation marks; null: the record lacks the field.</param>
internal readonly record struct ForeignField(string Name, string? Value)
{
    /// <summary>Longest part of a value that is quoted, in characters.</summary>
    private const int MaxQuoted = 60;

    /// <summary>The text of a field that the record has.</summary>
    public string Text => Value ?? throw Wrong("a text");

    /// <summary>A whole number from 0 on.</summary>
    public long Number(long max = long.MaxValue) =>
        long.TryParse(Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= max
            ? number
            : throw Wrong($"a whole number from 0 to {max}");

    /// <summary>Seconds from 0 on, as ticks.</summary>
    public long Seconds(long max) =>
        decimal.TryParse(Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
        && seconds <= max
            ? (long)(seconds * TimeSpan.TicksPerSecond)
            : throw Wrong($"seconds from 0 to {max}");

    /// <summary>Bytes in base64.</summary>
    public byte[] Base64()
    {
        var bytes = new byte[Text.Length];
        return Convert.TryFromBase64String(Text, bytes, out var length) ? bytes[..length] : throw Wrong("base64");
    }

    /// <summary>Says that the field is missing, or is not what is expected.</summary>
    public FormatException Wrong(string expected) =>
        new(
            Value is null
                ? $"field '{Name}' is missing"
                : $"{Name} '{(Value.Length > MaxQuoted ? $"{Value[..MaxQuoted]}…" : Value)}': expected {expected}"
        );
}

/// <summary>The fields of a line of CSV.</summary>
internal sealed class ForeignFields
{
    private readonly string[] _columns;
    private readonly string[] _values;

    /// <exception cref="FormatException">There are more or fewer values than columns.</exception>
    public ForeignFields(string[] columns, string[] values)
    {
        if (values.Length != columns.Length)
            throw new FormatException($"expected {columns.Length} fields, found {values.Length}");
        (_columns, _values) = (columns, values);
    }

    public ForeignField this[string name] =>
        new(name, Array.IndexOf(_columns, name) is >= 0 and var column ? _values[column] : null);
}

/// <summary>The fields of a line of JSON.</summary>
internal sealed class ForeignObject
{
    private readonly JsonElement _object;

    /// <exception cref="FormatException">It is not an object.</exception>
    public ForeignObject(JsonElement element)
    {
        if (element.ValueKind is not JsonValueKind.Object)
            throw new FormatException($"expected an object, found {element.ValueKind}");
        _object = element;
    }

    public ForeignField this[string name] => new(name, Find(name)?.GetRawText());

    /// <summary>A text, which may be empty.</summary>
    public string Text(string name) =>
        Find(name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : throw this[name].Wrong("a text");

    /// <summary>A time with its zone, as ticks.</summary>
    public long Time(string name) =>
        Find(name) is { ValueKind: JsonValueKind.String } text && text.TryGetDateTimeOffset(out var time)
            ? time.UtcTicks
            : throw this[name].Wrong("a time such as \"2026-01-31T12:00:00.5Z\"");

    /// <summary>Bytes in base64; none where the field is missing or null.</summary>
    public byte[] Base64(string name) =>
        Find(name) switch
        {
            null or { ValueKind: JsonValueKind.Null } => [],
            { ValueKind: JsonValueKind.String } text when text.TryGetBytesFromBase64(out var bytes) => bytes,
            _ => throw this[name].Wrong("base64"),
        };

    /// <summary>The first value of an HTTP header, in any case; null where it is not among those of the field.</summary>
    public string? Header(string name, string header)
    {
        if (Find(name) is not { ValueKind: not JsonValueKind.Null } headers)
            return null;
        var wrong = this[name].Wrong("a list of texts for each header");
        return headers.ValueKind is not JsonValueKind.Object
            ? throw wrong
            : headers
                .EnumerateObject()
                .Where(entry => entry.Name.Equals(header, StringComparison.OrdinalIgnoreCase))
                .SelectMany(entry =>
                    entry.Value.ValueKind is JsonValueKind.Array ? entry.Value.EnumerateArray() : throw wrong
                )
                .Select(value => value.ValueKind is JsonValueKind.String ? value.GetString() : throw wrong)
                .FirstOrDefault();
    }

    private JsonElement? Find(string name) => _object.TryGetProperty(name, out var value) ? value : null;
}
