using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using k8s;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>Applies, reads and deletes objects of any kind through a cluster's API: server-side apply, the lab as field manager.</summary>
/// <param name="cluster">The cluster.</param>
public sealed class ManifestClient(Kubernetes cluster)
{
    /// <summary>Carries a hash of the manifest that was applied.</summary>
    private const string AppliedAnnotation = "cilium-debugging/applied";

    /// <summary>Creates or changes an object; fields that others manage are taken over only if the lab managed them before.</summary>
    /// <exception cref="HttpRequestException">The API cannot be reached, or refuses; the message has its words.</exception>
    public async Task ApplyAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var marked = manifest.Object.DeepClone().AsObject();
        var metadata = marked["metadata"]!.AsObject();
        if (metadata["annotations"] is not JsonObject annotations)
            metadata["annotations"] = annotations = [];
        annotations[AppliedAnnotation] = Hash(manifest);
        var body = new StringContent(marked.ToJsonString(), Encoding.UTF8);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/apply-patch+yaml");
        using var response = await SendAsync(
            HttpMethod.Patch,
            $"{manifest.Path}?fieldManager={Ownership.Name}&force=true&fieldValidation=Strict",
            body,
            cancellationToken
        );
        await ThrowUnlessSuccessAsync(response, $"apply {manifest}", cancellationToken);
    }

    /// <summary>Whether an object is there as it was last applied from this very manifest.</summary>
    public async Task<bool> IsAppliedAsync(Manifest manifest, CancellationToken cancellationToken) =>
        (string?)(await ReadAsync(manifest, cancellationToken))?["metadata"]?["annotations"]?[AppliedAnnotation]
        == Hash(manifest);

    private static string Hash(Manifest manifest) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(manifest.Object.ToJsonString())))[..16];

    /// <summary>Reads an object; null when it is not there.</summary>
    public async Task<JsonObject?> ReadAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        using var response = await SendAsync(HttpMethod.Get, manifest.Path, null, cancellationToken);
        if (response.StatusCode is HttpStatusCode.NotFound)
            return null;
        await ThrowUnlessSuccessAsync(response, $"read {manifest}", cancellationToken);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))?.AsObject();
    }

    /// <summary>Deletes an object with what belongs to it; one that is gone already is no error.</summary>
    public async Task DeleteAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        using var response = await SendAsync(
            HttpMethod.Delete,
            $"{manifest.Path}?propagationPolicy=Background",
            null,
            cancellationToken
        );
        if (response.StatusCode is HttpStatusCode.NotFound)
            return;
        await ThrowUnlessSuccessAsync(response, $"delete {manifest}", cancellationToken);
    }

    /// <summary>Objects that are there and are not the lab's, in words; empty when there is none.</summary>
    public async Task<IReadOnlyList<string>> ForeignAsync(
        IEnumerable<Manifest> manifests,
        CancellationToken cancellationToken
    )
    {
        var foreign = new List<string>();
        foreach (var manifest in manifests)
            if (
                await ReadAsync(manifest, cancellationToken) is { } there
                && (string?)there["metadata"]?["labels"]?[Ownership.Label] != Ownership.Name
            )
                foreign.Add(
                    $"{manifest} exists and is not the lab's (it lacks the label {Ownership.Label}={Ownership.Name})"
                );
        return foreign;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(cluster.BaseUri, path)) { Content = content };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (cluster.Credentials is { } credentials)
            await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        return await cluster.HttpClient.SendAsync(request, cancellationToken);
    }

    private static async Task ThrowUnlessSuccessAsync(
        HttpResponseMessage response,
        string what,
        CancellationToken cancellationToken
    )
    {
        if (response.IsSuccessStatusCode)
            return;
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        string? words = null;
        try
        {
            words = (string?)JsonNode.Parse(text)?["message"];
        }
        catch (System.Text.Json.JsonException)
        {
            // Not the API's own words: shown as they are.
        }
        throw new HttpRequestException(
            $"the cluster refuses to {what}: {(int)response.StatusCode} {words ?? text.Trim()}",
            null,
            response.StatusCode
        );
    }
}
