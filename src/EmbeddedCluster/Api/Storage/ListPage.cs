using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>Which part of a list is wanted.</summary>
/// <param name="Limit">Objects at most; 0 for all.</param>
/// <param name="ResourceVersion">Exact version to list at; null for now.</param>
/// <param name="After">Last object of the previous page.</param>
internal sealed record ListPage(int Limit = 0, long? ResourceVersion = null, ObjectKey? After = null)
{
    /// <summary>
    /// The least version the list may be of; the present one always will do unless it lies in the future.
    /// </summary>
    public long NotOlderThan { get; init; }

    public static Outcome<ListPage> FromToken(string token, int limit)
    {
        try
        {
            var json = JsonNode.Parse(Convert.FromBase64String(token)) as JsonObject;
            if (json?.NumberAt("rv") is { } version && json.Text("ns") is { } ns && json.Text("name") is { } name)
                return new ListPage(limit, version, new ObjectKey(ns, name));
        }
        catch (Exception e)
            when (e is FormatException or JsonException or InvalidOperationException or ArgumentException)
        {
            // Falls through to the same answer as a token with other content.
        }
        return ApiStatus.BadRequest("continue key is not valid: it must be the metadata.continue of the previous page");
    }

    public static string Token(long resourceVersion, StoredObject last)
    {
        var json = Json.Object(("rv", resourceVersion), ("ns", last.Namespace), ("name", last.Name));
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    public static ApiStatus TooLarge(long version, long current)
    {
        var cause = Json.Object(("reason", "ResourceVersionTooLarge"), ("message", "Too large resource version"));
        return new(504, "Timeout", $"Too large resource version: {version}, current: {current}")
        {
            Details = new JsonObject { ["causes"] = new JsonArray(cause) },
            RetryAfterSeconds = 1,
        };
    }
}

/// <summary>A page of a list.</summary>
/// <param name="Items">The objects.</param>
/// <param name="ResourceVersion">Version the whole list is of.</param>
/// <param name="Remaining">Objects that follow this page.</param>
internal sealed record ListResult(IReadOnlyList<StoredObject> Items, long ResourceVersion, long Remaining);
