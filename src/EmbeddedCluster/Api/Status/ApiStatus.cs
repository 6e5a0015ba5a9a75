using System.Globalization;
using System.Text.Json.Nodes;

namespace CiliumDebugging.EmbeddedCluster.Api.Status;

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
    public static ApiStatus NoSuchPath { get; } =
        new(404, "NotFound", "the server could not find the requested resource") { Details = [] };

    public static ApiStatus MethodNotAllowed { get; } =
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");

    public static ApiStatus NoStreams { get; } =
        new(
            501,
            "NotImplemented",
            "exec, attach and port-forward do not exist on the embedded cluster: its pods are processes of this "
                + "machine that listen on loopback, so dial a pod's or service's own address "
                + "(kubectl get pods,services -o wide), and send signals to the process that kubectl describe pod names"
        );

    public static ApiStatus Unauthorized { get; } = new(401, "Unauthorized", "Unauthorized");

    public static ApiStatus BodyTooLarge { get; } =
        new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");

    public static ApiStatus BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiStatus Expired(string message) => new(410, "Expired", message);

    public static ApiStatus Unavailable(string message) => new(503, "ServiceUnavailable", message);

    public JsonObject ToJson()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = Reason,
        };
        if (Details is not null)
            status["details"] = Details.DeepClone();
        if (RetryAfterSeconds > 0)
            (status["details"] ??= new JsonObject()).AsObject()["retryAfterSeconds"] = RetryAfterSeconds;
        status["code"] = Code;
        return status;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Code} {Reason}: {Message}");

    internal static JsonObject About(string kind, string group, string name)
    {
        var about = new JsonObject { ["name"] = name, ["kind"] = kind };
        if (group.Length > 0)
            about["group"] = group;
        return about;
    }
}
