using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>What must hold for a ConfigMap (kubernetes, pkg/apis/core/validation).</summary>
internal static class ConfigRules
{
    private static readonly string[] s_contents = ["data", "binaryData"];

    public static IEnumerable<FieldError> ConfigMap(JsonObject o) =>
        s_contents
            .SelectMany(part => o.Object(part) ?? [], (part, entry) => (Part: part, entry.Key))
            .SelectMany(e => Names.DataKey(e.Key).Select(p => FieldError.Invalid($"{e.Part}[{e.Key}]", e.Key, p)));

    /// <summary>One that is immutable stays as it is.</summary>
    public static IEnumerable<FieldError> Update(JsonObject old, JsonObject o)
    {
        if (old.TextAt("immutable") != "true")
            yield break;
        const string fixedOnceSet = "field is immutable when `immutable` is set";
        if (o.TextAt("immutable") != "true")
            yield return FieldError.Forbidden("immutable", fixedOnceSet);
        foreach (var part in s_contents)
            if (!JsonNode.DeepEquals(old[part], o[part]))
                yield return FieldError.Forbidden(part, fixedOnceSet);
    }
}
