using System.Security.Cryptography.X509Certificates;
using k8s;

namespace CiliumDebugging.EmbeddedCluster.Api.Access;

/// <summary>KubernetesClient for a server known by address and token.</summary>
public static class ApiClient
{
    /// <summary>A client that trusts an authority (PEM; null for plain HTTP). The caller disposes it.</summary>
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
