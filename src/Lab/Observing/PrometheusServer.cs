using System.Collections.Immutable;
using System.Net.Http.Headers;

namespace CiliumDebugging.Lab.Observing;

/// <summary>A Prometheus, or what has its API, and what a query of it needs.</summary>
/// <param name="Address">Base address, without credentials; its path is kept.</param>
public sealed record PrometheusServer(Uri Address)
{
    /// <summary>Credentials; null for none.</summary>
    public AuthenticationHeaderValue? Credentials { get; init; }

    /// <summary>Headers of each request, as the tenant's of Mimir (<c>X-Scope-OrgID</c>).</summary>
    public ImmutableArray<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Labels that a series must have, as that of a cluster where the server has several.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Labels { get; init; } = [];

    /// <summary>Limit of a whole answer. Default 20 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The address only: the other properties have secrets.</summary>
    public override string ToString() => Address.ToString();
}
