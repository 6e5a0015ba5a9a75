using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Schemas;

/// <summary>What happens to members that the schema does not know.</summary>
/// <param name="Refuse">Whether they make the write fail (fieldValidation=Strict) or are dropped.</param>
internal sealed record UnknownFields(bool Refuse)
{
    private const int MaxFound = 20;

    /// <summary>Paths of those found, the first 20.</summary>
    public List<string> Found { get; } = [];

    public void Add(string path)
    {
        if (Found.Count < MaxFound && !Found.Contains(path))
            Found.Add(path);
    }
}

/// <summary>Brings an object into the shape of its schema, or says at which field it has another type.</summary>
internal static partial class SchemaCheck
{
    [GeneratedRegex(
        @"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?\z",
        RegexOptions.NonBacktracking
    )]
    private static partial Regex Quantity { get; }

    [GeneratedRegex(
        @"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})\z",
        RegexOptions.NonBacktracking
    )]
    private static partial Regex Time { get; }

    /// <summary>The times that Kubernetes keeps in microseconds (MicroTime).</summary>
    private static readonly string[] s_microTimes = ["acquireTime", "eventTime", "lastObservedTime", "renewTime"];

    /// <summary>
    /// Checks that the object is one of the kind (apiVersion and kind may be absent) and the types of all members; a
    /// wrong one is a 400, as from a real server's decoder. Drops null members, empty maps and members the schema does
    /// not know. Afterwards there is a metadata object, and its members have the types that everything relies on.
    /// </summary>
    public static ApiStatus? Apply(ResourceKind kind, JsonObject o, UnknownFields? unknown)
    {
        if (Visit(Schema.Of(kind), o, "", unknown) is { } wrong)
            return ApiStatus.BadRequest(
                $"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: {wrong}"
            );
        var (version, name) = (o.Text("apiVersion") ?? kind.ApiVersion, o.Text("kind") ?? kind.Kind);
        if (version != kind.ApiVersion || name != kind.Kind)
            return ApiStatus.BadRequest(
                $"the object provided ({version}, Kind={name}) does not match the expected "
                    + $"({kind.ApiVersion}, Kind={kind.Kind})"
            );
        o.Ensure("metadata");
        if (unknown is not { Refuse: true, Found.Count: > 0 })
            return null;
        var fields = string.Join(", ", unknown.Found.Select(f => $"unknown field \"{f}\""));
        return ApiStatus.BadRequest($"strict decoding error: {fields}");
    }

    private static string? Visit(Schema schema, JsonNode? node, string path, UnknownFields? unknown)
    {
        var fits = (schema.Type, node) switch
        {
            (SchemaType.Any, _) => true,
            (SchemaType.Object, JsonObject) or (SchemaType.Map, JsonObject) or (SchemaType.List, JsonArray) => true,
            (SchemaType.Object or SchemaType.Map or SchemaType.List, _) => false,
            (var type, JsonValue value) => Fits(type, value),
            _ => false,
        };
        if (!fits)
        {
            var given = node?.GetValueKind().ToString().ToLowerInvariant() ?? "null";
            var wanted = schema.Type.ToString().ToLowerInvariant();
            return $"json: cannot unmarshal {given} into field {path} of type {wanted}";
        }
        return (schema.Type, node) switch
        {
            (SchemaType.Object, JsonObject o) => VisitObject(schema, o, path, unknown),
            (SchemaType.Map, JsonObject o) => VisitMap(schema, o, path, unknown),
            (SchemaType.List, JsonArray a) => VisitList(schema, a, path, unknown),
            _ => null,
        };
    }

    private static string? VisitList(Schema schema, JsonArray a, string path, UnknownFields? unknown) =>
        a.Select((item, i) => Visit(schema.Items!, item, $"{path}[{i}]", unknown)).FirstOrDefault(w => w is not null);

    private static string? VisitObject(Schema schema, JsonObject o, string path, UnknownFields? unknown)
    {
        foreach (var (name, value) in o.ToList())
        {
            var at = path.Length == 0 ? name : $"{path}.{name}";
            if (!schema.Fields.TryGetValue(name, out var field))
            {
                if (schema.IsOpen)
                    continue;
                unknown?.Add(at);
                o.Remove(name);
            }
            else if (value is null || (field.Schema.Type == SchemaType.Map && value is JsonObject { Count: 0 }))
            {
                o.Remove(name);
            }
            else if (Visit(field.Schema, value, at, unknown) is { } wrong)
            {
                return wrong;
            }
            else if (field.Schema.Type == SchemaType.Time && !s_microTimes.Contains(name))
            {
                o[name] = WholeSeconds(value.GetValue<string>());
            }
        }
        return null;
    }

    /// <summary>A time as Kubernetes keeps it: in UTC, without fractions of a second.</summary>
    private static string WholeSeconds(string text) =>
        text.Contains('.', StringComparison.Ordinal) || !text.EndsWith('Z')
            ? ObjectMetadata.Timestamp(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture))
            : text;

    private static string? VisitMap(Schema schema, JsonObject o, string path, UnknownFields? unknown)
    {
        foreach (var (name, value) in o.ToList())
        {
            if (value is null)
                o.Remove(name);
            else if (Visit(schema.Items!, value, $"{path}.{name}", unknown) is { } wrong)
                return wrong;
        }
        return null;
    }

    private static long? WholeNumber(JsonValue value) =>
        value.GetValueKind() == JsonValueKind.Number
        && long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, null, out var number)
            ? number
            : null;

    private static bool Fits(SchemaType type, JsonValue value)
    {
        var kind = value.GetValueKind();
        return type switch
        {
            SchemaType.Text => kind == JsonValueKind.String,
            SchemaType.Boolean => kind is JsonValueKind.True or JsonValueKind.False,
            SchemaType.Number => kind == JsonValueKind.Number
                && double.TryParse(value.ToJsonString(), CultureInfo.InvariantCulture, out var n)
                && double.IsFinite(n),
            SchemaType.Integer32 => WholeNumber(value) is >= int.MinValue and <= int.MaxValue,
            SchemaType.Integer64 => WholeNumber(value) is not null,
            SchemaType.IntOrString => kind == JsonValueKind.String || Fits(SchemaType.Integer32, value),
            SchemaType.Quantity => (kind is JsonValueKind.String or JsonValueKind.Number)
                && value.ToString() is { Length: < 64 } text
                && Quantity.IsMatch(text),
            SchemaType.Time => kind == JsonValueKind.String
                && value.GetValue<string>() is var text
                && Time.IsMatch(text)
                && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _),
            SchemaType.Bytes => kind == JsonValueKind.String
                && System.Buffers.Text.Base64.IsValid(value.GetValue<string>()),
            _ => true,
        };
    }
}
