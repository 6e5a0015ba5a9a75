using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Kinds;

/// <summary>Failures that name an object of a kind.</summary>
public static class KindStatus
{
    extension(ApiStatus)
    {
        public static ApiStatus NotFound(ResourceKind kind, string name) =>
            About(kind, name, 404, "NotFound", $"{kind.QualifiedPlural} \"{name}\" not found");

        public static ApiStatus AlreadyExists(ResourceKind kind, string name) =>
            About(kind, name, 409, "AlreadyExists", $"{kind.QualifiedPlural} \"{name}\" already exists");

        public static ApiStatus Conflict(ResourceKind kind, string name, string why)
        {
            var message = $"Operation cannot be fulfilled on {kind.QualifiedPlural} \"{name}\": {why}";
            return About(kind, name, 409, "Conflict", message);
        }

        /// <summary>409 for a write based on an older version.</summary>
        public static ApiStatus Outdated(ResourceKind kind, string name)
        {
            const string advice = "please apply your changes to the latest version and try again";
            return ApiStatus.Conflict(kind, name, $"the object has been modified; {advice}");
        }

        public static ApiStatus Forbidden(ResourceKind kind, string name, string why) =>
            About(kind, name, 403, "Forbidden", $"{kind.QualifiedPlural} \"{name}\" is forbidden: {why}");

        /// <summary>422 with one cause per problem; the message lists them all.</summary>
        public static ApiStatus Invalid(ResourceKind kind, string name, IReadOnlyList<FieldError> errors)
        {
            var texts = errors.Select(e => e.Field.Length == 0 ? Text(e) : $"{e.Field}: {Text(e)}").ToList();
            var details = ApiStatus.About(kind.Kind, kind.Group, name);
            details["causes"] = Json.Array(
                errors.Select(e => Json.Object(("reason", e.Reason), ("message", Text(e)), ("field", e.Field)))
            );
            var list = texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
            var subject = kind.Group.Length == 0 ? kind.Kind : $"{kind.Kind}.{kind.Group}";
            return new ApiStatus(422, "Invalid", $"{subject} \"{name}\" is invalid: {list}") { Details = details };
        }
    }

    private static ApiStatus About(ResourceKind kind, string name, int code, string reason, string message) =>
        new(code, reason, message) { Details = ApiStatus.About(kind.Plural, kind.Group, name) };

    private static string Text(FieldError error)
    {
        var what = error.Reason switch
        {
            "FieldValueRequired" => "Required value",
            "FieldValueForbidden" => "Forbidden",
            "FieldValueNotSupported" => "Unsupported value",
            "FieldValueDuplicate" => "Duplicate value",
            "FieldValueNotFound" => "Not found",
            "FieldValueTooLong" => "Too long",
            "FieldValueTooMany" => "Too many",
            _ => "Invalid value",
        };
        return error.Message.Length == 0 ? what : $"{what}: {error.Message}";
    }
}
