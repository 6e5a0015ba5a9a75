using System.Globalization;
using k8s;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Requests to Pods through the API server's pod proxy, which embedded and real clusters both have.</summary>
public sealed class PodProxyClient(Kubernetes cluster)
{
    /// <summary>Longest text that is read, bytes: a large agent's metrics are some MiB.</summary>
    public const int MaxBytes = 32 << 20;

    private const int MaxErrorBytes = 1024;

    /// <summary>Sends a request to a port of a Pod. The path has a leading slash.</summary>
    /// <returns>The response, its headers read; the caller disposes it.</returns>
    /// <exception cref="HttpRequestException">
    /// The API server cannot be reached or does not answer with success; the message has its text.
    /// </exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string ns,
        string pod,
        int port,
        string path,
        HttpContent? content,
        CancellationToken cancellationToken
    )
    {
        var response = await cluster.SendAsync(
            method,
            string.Create(CultureInfo.InvariantCulture, $"api/v1/namespaces/{ns}/pods/{pod}:{port}/proxy{path}"),
            content,
            cancellationToken,
            accept: "*/*",
            HttpCompletionOption.ResponseHeadersRead
        );
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
        {
            var text = await BoundedText.ReadAsync(response.Content, MaxErrorBytes, cut: true, cancellationToken);
            var message = ApiMessages.MessageOf(text);
            var what = $"{method} {path} of pod {ns}/{pod} port {port}";
            throw new HttpRequestException($"{what}: {(int)response.StatusCode} {message}", null, response.StatusCode);
        }
    }

    /// <summary>That something else than a Pod answered.</summary>
    /// <param name="request">The request: method and path.</param>
    /// <param name="ns">The Pod's namespace.</param>
    /// <param name="pod">The Pod.</param>
    /// <param name="port">The Pod's port.</param>
    /// <param name="content">What was answered.</param>
    /// <param name="expected">What was expected.</param>
    internal static HttpRequestException Unreadable(
        string request,
        string ns,
        string pod,
        int port,
        string content,
        string expected
    ) =>
        new(
            HttpRequestError.InvalidResponse,
            $"{request} of pod {ns}/{pod} port {port} was answered with {ApiAnswers.KindOf(content)}, not with {expected}"
        );

    /// <summary>GETs a text of at most <see cref="MaxBytes"/>.</summary>
    /// <exception cref="HttpRequestException">As <see cref="SendAsync"/>, or the text is longer.</exception>
    public async Task<string> GetAsync(
        string ns,
        string pod,
        int port,
        string path,
        CancellationToken cancellationToken
    )
    {
        using var response = await SendAsync(HttpMethod.Get, ns, pod, port, path, null, cancellationToken);
        return await BoundedText.ReadAsync(response.Content, MaxBytes, cut: false, cancellationToken);
    }
}
