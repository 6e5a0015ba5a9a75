using System.Security.Cryptography.X509Certificates;
using k8s;

namespace CiliumDebugging.EmbeddedCluster.Api.Access;

/// <summary>KubernetesClient for a server known by address and token.</summary>
public static class ApiClient
{
    /// <summary>A client; the caller disposes it.</summary>
    /// <param name="server">Address of the API server, http or https.</param>
    /// <param name="token">Bearer token.</param>
    /// <param name="authorityPem">The authority to trust, PEM; null for plain HTTP.</param>
    public static Kubernetes Create(Uri server, string token, string? authorityPem = null) =>
        new(
            new KubernetesClientConfiguration
            {
                Host = server.ToString().TrimEnd('/'),
                AccessToken = token,
                SslCaCerts = authorityPem is null ? null : [X509Certificate2.CreateFromPem(authorityPem)],
            }
        );
}
