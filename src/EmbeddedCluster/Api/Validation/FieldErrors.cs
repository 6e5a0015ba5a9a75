using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>
/// Problems in the words of a real server (apimachinery, pkg/util/validation/field). Values are quoted as JSON.
/// </summary>
internal static class FieldErrors
{
    extension(FieldError)
    {
        public static FieldError Invalid(string field, JsonNode? value, string why) =>
            new(field, $"{Quoted(value)}: {why}");

        public static FieldError Required(string field, string detail = "") => new(field, detail, "FieldValueRequired");

        public static FieldError Forbidden(string field, string why) => new(field, why, "FieldValueForbidden");

        public static FieldError Duplicate(string field, JsonNode? value) =>
            new(field, Quoted(value), "FieldValueDuplicate");

        public static FieldError TooMany(string field, int count, int max) =>
            new(field, $"{count}: must have at most {max} items", "FieldValueTooMany");

        public static FieldError NotFound(string field, JsonNode? value) =>
            new(field, Quoted(value), "FieldValueNotFound");

        public static FieldError Unsupported(string field, JsonNode? value, params IEnumerable<string> supported) =>
            new(
                field,
                $"{Quoted(value)}: supported values: \"{string.Join("\", \"", supported)}\"",
                "FieldValueNotSupported"
            );
    }

    private static string Quoted(JsonNode? value) => value?.ToJsonString(JsonTree.Compact) ?? "\"null\"";
}
