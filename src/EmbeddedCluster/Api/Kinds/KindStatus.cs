using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Kinds;

/// <summary>Failures that name an object of a kind.</summary>
public static class KindStatus
{
    extension(ApiStatus)
    {
        public static ApiStatus NotFound(ResourceKind kind, string name) =>
            new(404, "NotFound", $"{kind.QualifiedPlural} \"{name}\" not found")
            {
                Details = ApiStatus.About(kind.Plural, kind.Group, name),
            };

        public static ApiStatus AlreadyExists(ResourceKind kind, string name) =>
            new(409, "AlreadyExists", $"{kind.QualifiedPlural} \"{name}\" already exists")
            {
                Details = ApiStatus.About(kind.Plural, kind.Group, name),
            };

        public static ApiStatus Conflict(ResourceKind kind, string name, string why) =>
            new(409, "Conflict", $"Operation cannot be fulfilled on {kind.QualifiedPlural} \"{name}\": {why}")
            {
                Details = ApiStatus.About(kind.Plural, kind.Group, name),
            };

        public static ApiStatus Forbidden(ResourceKind kind, string name, string why) =>
            new(403, "Forbidden", $"{kind.QualifiedPlural} \"{name}\" is forbidden: {why}")
            {
                Details = ApiStatus.About(kind.Plural, kind.Group, name),
            };

        /// <summary>422 with one cause per problem; the message lists them all.</summary>
        public static ApiStatus Invalid(ResourceKind kind, string name, IReadOnlyList<FieldError> errors)
        {
            var texts = errors.Select(e => $"{e.Field}: {Prefix(e.Reason)}{e.Message}").ToList();
            var details = ApiStatus.About(kind.Kind, kind.Group, name);
            details["causes"] = new JsonArray([
                .. errors.Select(e =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["reason"] = e.Reason,
                            ["message"] = Prefix(e.Reason) + e.Message,
                            ["field"] = e.Field,
                        }
                ),
            ]);
            var list = texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
            var subject = kind.Group.Length == 0 ? kind.Kind : $"{kind.Kind}.{kind.Group}";
            return new ApiStatus(422, "Invalid", $"{subject} \"{name}\" is invalid: {list}") { Details = details };
        }
    }

    private static string Prefix(string reason) =>
        reason switch
        {
            "FieldValueRequired" => "Required value: ",
            "FieldValueForbidden" => "Forbidden: ",
            "FieldValueNotSupported" => "Unsupported value: ",
            "FieldValueDuplicate" => "Duplicate value: ",
            _ => "Invalid value: ",
        };
}
