using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>How a Pod's process reaches the embedded cluster's API.</summary>
/// <param name="Url">Where the API is.</param>
/// <param name="Token">Bearer token. Never logged.</param>
/// <param name="AuthorityPem">The authority that signed the API's certificate, PEM; null where the API is plain
/// HTTP.</param>
public sealed record ClusterAccess(Uri Url, string Token, string? AuthorityPem)
{
    /// <summary>The address of a Service, which on the embedded cluster plays DNS. A plain request: a KubernetesClient
    /// takes most of a second of processor time to start.</summary>
    /// <returns>The Service's type and address, or null when there is no such Service.</returns>
    /// <exception cref="HttpRequestException">The API is out of reach or refuses.</exception>
    public async Task<FoundService?> FindServiceAsync(string ns, string name, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = Trust() }) { BaseAddress = Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        using var response = await http.GetAsync(
            new Uri(
                $"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/services/{Uri.EscapeDataString(name)}",
                UriKind.Relative
            ),
            cancellationToken
        );
        if (response.StatusCode is HttpStatusCode.NotFound)
            return null;
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var service = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
        var spec = service.RootElement.GetProperty("spec");
        var address = spec.TryGetProperty("clusterIP", out var given) ? given.GetString() : null;
        return new FoundService(
            spec.TryGetProperty("type", out var type) ? type.GetString() ?? "" : "",
            IPAddress.TryParse(address, out var parsed) ? parsed : null
        );
    }

    private SslClientAuthenticationOptions Trust() =>
        AuthorityPem is not { Length: > 0 } pem
            ? new()
            : new()
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { X509Certificate2.CreateFromPem(pem) },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            };
}

/// <summary>What a Service is reached by.</summary>
/// <param name="Type">Its spec.type, such as ClusterIP.</param>
/// <param name="Address">Its cluster IP; null for headless ones and for ExternalName.</param>
public sealed record FoundService(string Type, IPAddress? Address);
