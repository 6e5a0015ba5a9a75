using System.Globalization;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterSetup.Embedded.Api.Kinds;
using CiliumDebugging.ClusterSetup.Embedded.Api.Schemas;
using CiliumDebugging.ClusterSetup.Embedded.Api.Storage;

namespace CiliumDebugging.ClusterSetup.Embedded.Api;

/// <summary>One thing that is wrong with an object, at one field.</summary>
/// <param name="Field">Path of the field, such as <c>spec.ingress[0].toPorts</c>.</param>
/// <param name="Message">What is wrong, quoting the value, without the path.</param>
/// <param name="Reason">Machine-readable cause: FieldValueInvalid, FieldValueRequired, FieldValueForbidden, FieldValueNotSupported.</param>
public sealed record FieldError(string Field, string Message, string Reason = "FieldValueInvalid");

/// <summary>A failure in the words of the Kubernetes API (kind Status, <c>meta/v1</c>).</summary>
/// <param name="Code">HTTP status code, 400 to 599.</param>
/// <param name="Reason">CamelCase reason that clients switch on, such as NotFound or Conflict.</param>
/// <param name="Message">The sentence people read.</param>
public sealed record ApiStatus(int Code, string Reason, string Message)
{
    /// <summary>The <c>details</c> of the Status: kind, name, causes.</summary>
    public JsonObject? Details { get; init; }

    /// <summary>Seconds after which a retry may succeed, 0 for none; sent as the Retry-After header.</summary>
    public int RetryAfterSeconds { get; init; }

    /// <summary>Nothing is served there. With details, which kubectl's debug command takes for granted.</summary>
    public static ApiStatus NoSuchPath { get; } = new(404, "NotFound", "the server could not find the requested resource") { Details = [] };

    public static ApiStatus MethodNotAllowed { get; } = new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");

    public static ApiStatus NoStreams { get; } = new(501, "NotImplemented", "exec, attach and port-forward do not exist on the embedded cluster: its pods are processes of this machine that listen on loopback, so dial a pod's or service's own address (kubectl get pods,services -o wide), and send signals to the process that kubectl describe pod names");

    public static ApiStatus Unauthorized { get; } = new(401, "Unauthorized", "Unauthorized");

    public static ApiStatus BodyTooLarge { get; } = new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");

    public static ApiStatus BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiStatus NotFound(ResourceKind kind, string name) =>
        new(404, "NotFound", $"{kind.QualifiedPlural} \"{name}\" not found") { Details = About(kind.Plural, kind.Group, name) };

    public static ApiStatus AlreadyExists(ResourceKind kind, string name) =>
        new(409, "AlreadyExists", $"{kind.QualifiedPlural} \"{name}\" already exists") { Details = About(kind.Plural, kind.Group, name) };

    public static ApiStatus Conflict(ResourceKind kind, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {kind.QualifiedPlural} \"{name}\": {why}") { Details = About(kind.Plural, kind.Group, name) };

    public static ApiStatus Forbidden(ResourceKind kind, string name, string why) =>
        new(403, "Forbidden", $"{kind.QualifiedPlural} \"{name}\" is forbidden: {why}") { Details = About(kind.Plural, kind.Group, name) };

    public static ApiStatus Expired(string message) => new(410, "Expired", message);

    public static ApiStatus Unavailable(string message) => new(503, "ServiceUnavailable", message);

    /// <summary>422 with one cause per problem; the message lists them all.</summary>
    public static ApiStatus Invalid(ResourceKind kind, string name, IReadOnlyList<FieldError> errors)
    {
        var texts = errors.Select(e => $"{e.Field}: {Prefix(e.Reason)}{e.Message}").ToList();
        var details = About(kind.Kind, kind.Group, name);
        details["causes"] = new JsonArray([.. errors.Select(e => (JsonNode)new JsonObject
        {
            ["reason"] = e.Reason, ["message"] = Prefix(e.Reason) + e.Message, ["field"] = e.Field,
        })]);
        var list = texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        var subject = kind.Group.Length == 0 ? kind.Kind : $"{kind.Kind}.{kind.Group}";
        return new ApiStatus(422, "Invalid", $"{subject} \"{name}\" is invalid: {list}") { Details = details };
    }

    /// <summary>The Status object as JSON.</summary>
    public JsonObject ToJson()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(),
            ["status"] = "Failure", ["message"] = Message, ["reason"] = Reason,
        };
        if (Details is not null)
            status["details"] = Details.DeepClone();
        if (RetryAfterSeconds > 0)
            (status["details"] ??= new JsonObject()).AsObject()["retryAfterSeconds"] = RetryAfterSeconds;
        status["code"] = Code;
        return status;
    }

    /// <summary>The Status that answers a deletion of something whose body is not returned.</summary>
    internal static JsonObject Deleted(StoredObject deleted)
    {
        var details = About(deleted.Kind.Plural, deleted.Kind.Group, deleted.Name);
        details["uid"] = deleted.Uid;
        return new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["details"] = details,
        };
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Code} {Reason}: {Message}");

    private static JsonObject About(string kind, string group, string name)
    {
        var about = new JsonObject { ["name"] = name, ["kind"] = kind };
        if (group.Length > 0)
            about["group"] = group;
        return about;
    }

    private static string Prefix(string reason) => reason switch
    {
        "FieldValueRequired" => "Required value: ",
        "FieldValueForbidden" => "Forbidden: ",
        "FieldValueNotSupported" => "Unsupported value: ",
        "FieldValueDuplicate" => "Duplicate value: ",
        _ => "Invalid value: ",
    };
}
