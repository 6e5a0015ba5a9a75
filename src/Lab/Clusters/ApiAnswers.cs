using System.Text;
using System.Text.Json;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// Notices answers that an API server did not write, or did not end: a gateway's page, a text that is cut.
/// </summary>
internal static class ApiAnswers
{
    /// <summary>Reads an object of the API whole, so that a connection that breaks off is noticed here.</summary>
    /// <exception cref="HttpRequestException">
    /// It is not JSON (<see cref="HttpRequestError.InvalidResponse"/>); the message names server and request.
    /// </exception>
    public static async Task CheckAsync(
        HttpRequestMessage request,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        if (!response.IsSuccessStatusCode || !IsForObject(request))
            return;
        var content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (Instead(content) is not null)
            throw Unreadable(
                $"{request.Method} {request.RequestUri!.AbsolutePath}",
                request.RequestUri,
                Encoding.UTF8.GetString(content)
            );
    }

    /// <summary>That a server answered a request with something else than JSON.</summary>
    /// <param name="request">The request: method and path.</param>
    /// <param name="server">Any URL of the server.</param>
    /// <param name="content">What it answered.</param>
    public static HttpRequestException Unreadable(string request, Uri server, string content) =>
        new(
            HttpRequestError.InvalidResponse,
            $"the server at {server.GetLeftPart(UriPartial.Authority)} answered {request} with {KindOf(content)}, "
                + "not with Kubernetes' JSON"
        );

    /// <summary>What a text is, that is not what was expected: HTML, nothing, ….</summary>
    public static string KindOf(string content) => Instead(Encoding.UTF8.GetBytes(content)) ?? "JSON of another kind";

    /// <summary>Whether the answer is an object: not a stream of changes, a log, or what a Pod answers.</summary>
    public static bool IsForObject(HttpRequestMessage request)
    {
        var (path, query) = (request.RequestUri!.AbsolutePath, request.RequestUri.Query);
        return (path.Contains("/api/", StringComparison.Ordinal) || path.Contains("/apis/", StringComparison.Ordinal))
            && !path.Contains("/proxy", StringComparison.Ordinal)
            && !path.EndsWith("/log", StringComparison.Ordinal)
            && !query.Contains("watch=true", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>What the content is instead of a JSON object; null: it is one.</summary>
    private static string? Instead(ReadOnlySpan<byte> content)
    {
        var text = content.TrimStart(" \t\r\n"u8);
        if (text.IsEmpty)
            return "nothing";
        if (text[0] == '<')
            return "HTML";
        if (text[0] != '{')
            return "text";
        try
        {
            var reader = new Utf8JsonReader(text);
            while (reader.Read()) { }
            return null;
        }
        catch (JsonException)
        {
            return "JSON that is cut or broken";
        }
    }
}
