using System.Security.Cryptography.X509Certificates;
using k8s;

namespace CiliumDebugging.EmbeddedCluster.Api.Access;

/// <summary>KubernetesClient for a server known by address and token.</summary>
public static class ApiClient
{
    /// <summary>A client that trusts an authority (PEM; null for plain HTTP). The caller disposes it.</summary>
    /// <param name="server">Where the API is.</param>
    /// <param name="token">Bearer token.</param>
    /// <param name="authorityPem">The authority that signed the API's certificate; null for plain HTTP.</param>
    /// <param name="userAgent">What the client calls itself, also as the manager of the fields that it writes.</param>
    public static Kubernetes Create(
        Uri server,
        string token,
        string? authorityPem = null,
        string userAgent = "kubernetes-csharp"
    ) =>
        new(
            new KubernetesClientConfiguration
            {
                Host = server.ToString().TrimEnd('/'),
                AccessToken = token,
                UserAgent = userAgent,
                SslCaCerts = authorityPem is null ? null : [X509Certificate2.CreateFromPem(authorityPem)],
            }
        );
}
