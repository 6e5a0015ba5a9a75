using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>Gives each namespace the account that its Pods have where they name none.</summary>
internal sealed class ServiceAccountController(IKubernetes api, ClusterCache cache, EventRecorder events)
{
    private const string Default = "default";

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        if (!cache.ServiceAccounts.HasOwnWrites)
            return;
        var served = cache
            .ServiceAccounts.Objects.Values.Where(a => a.Name() == Default)
            .Select(a => a.Namespace())
            .ToHashSet(StringComparer.Ordinal);
        await Reconciler.EachAsync(
            cache.Namespaces.Objects.Values.Where(n => !n.IsBeingDeleted() && !served.Contains(n.Name())),
            CreateAsync,
            events,
            "service-account-controller",
            cancellationToken
        );

        async Task CreateAsync(V1Namespace ns)
        {
            var account = new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = Default } };
            cache.ServiceAccounts.Wrote(
                await api.CoreV1.CreateNamespacedServiceAccountAsync(
                    account,
                    ns.Name(),
                    cancellationToken: cancellationToken
                )
            );
        }
    }
}
