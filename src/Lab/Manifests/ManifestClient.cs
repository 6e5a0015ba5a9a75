using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using k8s;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// Applies (server-side, with the lab as field manager), reads and deletes objects of any kind through a cluster's API.
/// </summary>
public sealed class ManifestClient(Kubernetes cluster)
{
    /// <summary>Carries a hash of the manifest that was applied.</summary>
    private const string AppliedAnnotation = "cilium-debugging/applied";

    /// <summary>Creates or changes an object, and takes over fields of other managers (force).</summary>
    /// <exception cref="HttpRequestException">
    /// The API cannot be reached, or refuses; the message has its reason.
    /// </exception>
    public async Task ApplyAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var marked = manifest.Object.DeepClone().AsObject();
        var metadata = marked["metadata"]!.AsObject();
        metadata["annotations"] ??= new JsonObject();
        metadata["annotations"]![AppliedAnnotation] = Hash(manifest);
        var body = new StringContent(marked.ToJsonString(), Encoding.UTF8);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/apply-patch+yaml");
        using var response = await cluster.SendAsync(
            HttpMethod.Patch,
            $"{manifest.Path}?fieldManager={Ownership.Name}&force=true&fieldValidation=Strict",
            body,
            cancellationToken
        );
        await ThrowUnlessSuccessAsync(response, $"apply {manifest}", cancellationToken);
    }

    /// <summary>Whether the object in the cluster was last applied from exactly this manifest.</summary>
    public async Task<bool> IsAppliedAsync(Manifest manifest, CancellationToken cancellationToken) =>
        (string?)(await ReadAsync(manifest, cancellationToken))?["metadata"]?["annotations"]?[AppliedAnnotation]
        == Hash(manifest);

    private static string Hash(Manifest manifest) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(manifest.Object.ToJsonString())))[..16];

    /// <summary>Reads an object; null when it does not exist.</summary>
    public async Task<JsonObject?> ReadAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        using var response = await cluster.SendAsync(HttpMethod.Get, manifest.Path, null, cancellationToken);
        if (response.StatusCode is HttpStatusCode.NotFound)
            return null;
        await ThrowUnlessSuccessAsync(response, $"read {manifest}", cancellationToken);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))?.AsObject();
    }

    /// <summary>Deletes an object and its dependents, if it exists.</summary>
    public async Task DeleteAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        using var response = await cluster.SendAsync(
            HttpMethod.Delete,
            $"{manifest.Path}?propagationPolicy=Background",
            null,
            cancellationToken
        );
        if (response.StatusCode is HttpStatusCode.NotFound)
            return;
        await ThrowUnlessSuccessAsync(response, $"delete {manifest}", cancellationToken);
    }

    /// <summary>Describes the objects that exist and are not the lab's.</summary>
    public async Task<IReadOnlyList<string>> ForeignAsync(
        IEnumerable<Manifest> manifests,
        CancellationToken cancellationToken
    )
    {
        var label = $"{Ownership.Label}={Ownership.Name}";
        List<string> foreign = [];
        foreach (var manifest in manifests)
        {
            var found = await ReadAsync(manifest, cancellationToken);
            if (found is not null && (string?)found["metadata"]?["labels"]?[Ownership.Label] != Ownership.Name)
                foreign.Add($"{manifest} exists and is not the lab's (it lacks the label {label})");
        }
        return foreign;
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
        var message = $"the cluster refuses to {what}: {(int)response.StatusCode} {ApiMessages.MessageOf(text)}";
        throw new HttpRequestException(message, null, response.StatusCode);
    }
}
