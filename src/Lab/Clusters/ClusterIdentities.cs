using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Measurement.Runs;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Reads which cluster it is, so that no result of the embedded cluster passes for a real one.</summary>
public static class ClusterIdentities
{
    private const string KindScheme = "kind://";

    /// <summary>Reads it. What may not be read is unknown; the version of the API server needs no rights.</summary>
    public static async Task<ClusterIdentity> IdentityAsync(
        this Kubernetes cluster,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var version = await TryAsync(async () => (await cluster.Version.GetCodeAsync(cancellationToken)).GitVersion);
        var isEmulated = version?.EndsWith(EmulatedCluster.VersionSuffix, StringComparison.Ordinal) is true;
        var kind = isEmulated
            ? ClusterKind.Emulated
            : KindOf(
                await TryAsync(async () =>
                    (await cluster.CoreV1.ListNodeAsync(limit: 1, cancellationToken: cancellationToken)).Items
                ) ?? []
            );
        var agents = await TryAsync(() => cluster.AgentsAsync(cancellationToken));
        var cilium = await InstalledCilium.ReadAsync([.. agents ?? []], new PodProxyClient(cluster), cancellationToken);
        return new ClusterIdentity(kind, cilium.Release?.ToString());
    }

    /// <summary>The kind of cluster that its nodes show.</summary>
    public static ClusterKind KindOf(IEnumerable<V1Node> nodes)
    {
        var provider = nodes.Select(n => n.Spec?.ProviderID).FirstOrDefault(p => p is not null) ?? "";
        if (provider.StartsWith(EmulatedCluster.ProviderScheme, StringComparison.Ordinal))
            return ClusterKind.Emulated;
        return provider.StartsWith(KindScheme, StringComparison.Ordinal) ? ClusterKind.Kind : ClusterKind.Existing;
    }

    private static async Task<T?> TryAsync<T>(Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (HttpOperationException)
        {
            // Not every server reports its version, and rights to read nodes and agents may be missing.
            return null;
        }
    }
}
