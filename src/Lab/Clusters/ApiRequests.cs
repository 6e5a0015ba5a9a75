using System.Net.Http.Headers;
using k8s;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Requests to an API server that KubernetesClient has no method for.</summary>
internal static class ApiRequests
{
    /// <summary>Sends a request with the client's credentials; the caller disposes the response.</summary>
    /// <param name="cluster">The client.</param>
    /// <param name="method">The method.</param>
    /// <param name="path">Path without a leading slash.</param>
    /// <param name="content">The body; null for none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="accept">The media type to answer with.</param>
    /// <param name="completion">Whether to wait for the whole body.</param>
    public static async Task<HttpResponseMessage> SendAsync(
        this Kubernetes cluster,
        HttpMethod method,
        string path,
        HttpContent? content,
        CancellationToken cancellationToken,
        string accept = "application/json",
        HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(cluster.BaseUri, path)) { Content = content };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        if (cluster.Credentials is { } credentials)
            await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        return await cluster.HttpClient.SendAsync(request, completion, cancellationToken);
    }
}
