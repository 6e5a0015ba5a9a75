using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>An object of a cluster's API by its place, of whatever kind.</summary>
/// <param name="Title">For messages: <c>Deployment backend/backend-1</c>.</param>
/// <param name="Path">Its path, without a leading slash.</param>
internal sealed record ObjectReference(string Title, string Path)
{
    /// <summary>Where objects of its kind and namespace are created.</summary>
    public string Collection => Path[..Path.LastIndexOf('/')];

    /// <summary>It as kubectl's arguments: <c>-n backend deployments.apps/backend-1</c>.</summary>
    public string KubectlArguments
    {
        get
        {
            var parts = Path.Split('/');
            var group = parts[0] == "apis" ? $".{parts[1]}" : "";
            var ns = parts.Length > 5 && parts[^4] == "namespaces" ? $"-n {parts[^3]} " : "";
            return $"{ns}{parts[^2]}{group}/{parts[^1]}";
        }
    }

    /// <summary>
    /// By its API version, such as <c>apps/v1</c>. The namespace is empty for an object of the whole cluster.
    /// </summary>
    public static ObjectReference Of(string kind, string apiVersion, string plural, string ns, string name)
    {
        var root = apiVersion.Contains('/', StringComparison.Ordinal) ? "apis" : "api";
        return ns.Length == 0
            ? new ObjectReference($"{kind} {name}", $"{root}/{apiVersion}/{plural}/{name}")
            : new ObjectReference($"{kind} {ns}/{name}", $"{root}/{apiVersion}/namespaces/{ns}/{plural}/{name}");
    }
}

/// <summary>
/// Reads and writes objects of any kind as JSON; KubernetesClient's generic client knows custom objects only.
/// </summary>
internal sealed class ObjectClient(Kubernetes cluster)
{
    /// <summary>The object; null when there is none.</summary>
    public async Task<JsonObject?> ReadAsync(ObjectReference reference, CancellationToken cancellationToken)
    {
        using var response = await cluster.SendAsync(HttpMethod.Get, reference.Path, null, cancellationToken);
        if (response.StatusCode is HttpStatusCode.NotFound)
            return null;
        return await ObjectAsync(response, reference.Path, cancellationToken);
    }

    /// <summary>The objects of a collection, with the resource version of the list.</summary>
    /// <param name="collection">Path without a leading slash, which may end in a query.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<(IList<JsonObject> Items, string Version)> ListAsync(
        string collection,
        CancellationToken cancellationToken
    )
    {
        using var response = await cluster.SendAsync(HttpMethod.Get, collection, null, cancellationToken);
        var list = await ObjectAsync(response, collection, cancellationToken);
        var items = list["items"] as JsonArray ?? [];
        return ([.. items.OfType<JsonObject>()], $"{list["metadata"]?["resourceVersion"]}");
    }

    /// <summary>The changes of a collection since a resource version, until the server ends the watch.</summary>
    /// <param name="collection">Path without a leading slash, which may end in a query.</param>
    /// <param name="version">Of the list.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<(WatchEventType Type, JsonObject Item)> WatchAsync(
        string collection,
        string version,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var query = $"watch=true&allowWatchBookmarks=true&resourceVersion={Uri.EscapeDataString(version)}";
        using var response = await cluster.SendAsync(
            HttpMethod.Get,
            $"{collection}{(collection.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}",
            null,
            cancellationToken,
            completion: HttpCompletionOption.ResponseHeadersRead
        );
        if (!response.IsSuccessStatusCode)
            await ContentAsync(response, cancellationToken);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (
                JsonNode.Parse(line) is JsonObject notice
                && Enum.TryParse<WatchEventType>($"{notice["type"]}", ignoreCase: true, out var type)
                && notice["object"] is JsonObject item
            )
                yield return (type, item);
        }
    }

    /// <summary>Creates the object; false when it exists already.</summary>
    public async Task<bool> TryCreateAsync(
        ObjectReference reference,
        JsonObject value,
        CancellationToken cancellationToken
    )
    {
        var body = Body(value, "application/json");
        using var response = await cluster.SendAsync(HttpMethod.Post, reference.Collection, body, cancellationToken);
        if (response.StatusCode is HttpStatusCode.Conflict)
            return false;
        await ContentAsync(response, cancellationToken);
        return true;
    }

    /// <summary>Changes the object by a merge patch (RFC 7386).</summary>
    public async Task PatchAsync(ObjectReference reference, JsonObject patch, CancellationToken cancellationToken)
    {
        var body = Body(patch, "application/merge-patch+json");
        using var response = await cluster.SendAsync(HttpMethod.Patch, reference.Path, body, cancellationToken);
        await ContentAsync(response, cancellationToken);
    }

    /// <summary>Deletes the object with what belongs to it; one that does not exist is not an error.</summary>
    public async Task DeleteAsync(ObjectReference reference, CancellationToken cancellationToken)
    {
        var path = $"{reference.Path}?propagationPolicy=Background";
        using var response = await cluster.SendAsync(HttpMethod.Delete, path, null, cancellationToken);
        if (response.StatusCode is not HttpStatusCode.NotFound)
            await ContentAsync(response, cancellationToken);
    }

    private static StringContent Body(JsonObject value, string mediaType) =>
        new(value.ToJsonString(), Encoding.UTF8, mediaType);

    /// <exception cref="HttpRequestException">The answer is not an object.</exception>
    private async Task<JsonObject> ObjectAsync(
        HttpResponseMessage response,
        string path,
        CancellationToken cancellationToken
    )
    {
        var content = await ContentAsync(response, cancellationToken);
        try
        {
            if (JsonNode.Parse(content) is JsonObject value)
                return value;
        }
        catch (JsonException)
        {
            // It is said below.
        }
        throw ApiAnswers.Unreadable($"GET /{path.Split('?')[0]}", cluster.BaseUri, content);
    }

    /// <exception cref="HttpOperationException">The API refused, as KubernetesClient reports it.</exception>
    private static async Task<string> ContentAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var content = await response.Content.ReadAsStringAsync(cancellationToken);
        if (response.IsSuccessStatusCode)
            return content;
        throw new HttpOperationException(
            $"Operation returned an invalid status code '{response.StatusCode}', response body {content}"
        )
        {
            Request = response.RequestMessage is { } request ? new HttpRequestMessageWrapper(request, "") : null,
            Response = new HttpResponseMessageWrapper(response, content),
        };
    }
}
