using System.Globalization;
using System.Text.Json.Nodes;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>What a value of a manifest is, after YAML 1.1 typing as kubectl applies it (<c>8080</c> is a number,
/// <c>yes</c> a boolean).</summary>
public enum ManifestType
{
    Null,
    Boolean,
    Integer,
    Number,
    Text,
    List,
    Map,
}

/// <summary>A value of a manifest, from YAML or JSON.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Line">The line where it starts, from 1; 0 when the source has no lines.</param>
/// <param name="Text">A scalar as written, a number in decimal; empty for lists and maps.</param>
public sealed record ManifestNode(ManifestType Type, int Line, string Text)
{
    public List<ManifestNode> Items { get; } = [];

    public List<(string Key, int Line, ManifestNode Value)> Fields { get; } = [];

    /// <summary>The number of nodes in the tree, aliases counted as often as they are used.</summary>
    public long Size { get; set; } = 1;

    /// <summary>The value for an error message.</summary>
    public string Display =>
        Type switch
        {
            ManifestType.Null => "null",
            ManifestType.List => $"a list of {Items.Count}",
            ManifestType.Map => Fields.Count == 0
                ? "{}"
                : $"{{{string.Join(", ", Fields.Take(3).Select(f => f.Key))}{(Fields.Count > 3 ? ", …" : "")}}}",
            _ => Text,
        };

    /// <summary>The value as the API takes it. A number that JSON does not have (<c>.inf</c>) is text.</summary>
    public JsonNode? ToJson() =>
        Type switch
        {
            ManifestType.Null => null,
            ManifestType.Boolean => Text[0] is 'y' or 'Y' or 't' or 'T'
                || Text.Equals("on", StringComparison.OrdinalIgnoreCase),
            ManifestType.Integer
                when long.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) =>
                whole,
            ManifestType.Integer
            or ManifestType.Number
                when double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real)
                    && double.IsFinite(real) => real,
            ManifestType.List => new JsonArray([.. Items.Select(i => i.ToJson())]),
            ManifestType.Map => new JsonObject(Fields.Select(f => KeyValuePair.Create(f.Key, f.Value.ToJson()))),
            _ => Text,
        };
}

/// <summary>How large a manifest may be. The limits are far above real policies and keep reading within milliseconds
/// and megabytes.</summary>
internal static class ManifestLimits
{
    /// <summary>Characters of a file; an API server takes objects up to 1.5 MiB.</summary>
    public const int MaxText = 1 << 20;

    /// <summary>Levels of nesting.</summary>
    public const int MaxDepth = 64;

    /// <summary>Values in a file, aliases counted as often as they are used.</summary>
    public const int MaxNodes = 100_000;
}

/// <summary>A manifest that cannot be read at all: what is wrong and where.</summary>
public sealed class ManifestException(int line, string message) : Exception(message)
{
    public int Line { get; } = line;
}
