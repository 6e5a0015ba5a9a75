using System.Globalization;
using System.Text.Json;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Kubelet;

/// <summary>
/// The kubelets' sign of life: a Lease for each Node in kube-node-lease, renewed every 10 s as a kubelet does.
/// </summary>
internal sealed class NodeLeases(IKubernetes api, ClusterCache cache, TimeProvider time)
{
    private const string Namespace = "kube-node-lease";
    private const int LeaseSeconds = 40;

    private static readonly TimeSpan s_renewEvery = TimeSpan.FromSeconds(10);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var node in cache.Nodes.Objects.Values)
                await RenewAsync(node, cancellationToken);
            await Task.Delay(s_renewEvery, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RenewAsync(V1Node node, CancellationToken cancellationToken)
    {
        const string format = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";
        var (name, now) = (node.Name(), time.GetUtcNow().UtcDateTime);
        var owner = new
        {
            apiVersion = "v1",
            kind = "Node",
            name,
            uid = node.Uid(),
        };
        var spec = new
        {
            holderIdentity = name,
            leaseDurationSeconds = LeaseSeconds,
            renewTime = now.ToString(format, CultureInfo.InvariantCulture),
        };
        var lease = new
        {
            apiVersion = "coordination.k8s.io/v1",
            kind = "Lease",
            metadata = new { name, ownerReferences = new[] { owner } },
            spec,
        };
        var patch = new V1Patch(JsonSerializer.Serialize(lease), V1Patch.PatchType.ApplyPatch);
        try
        {
            // An apply creates a Lease that does not exist.
            await api.CoordinationV1.PatchNamespacedLeaseAsync(
                patch,
                name,
                Namespace,
                fieldManager: "kubelet",
                force: true,
                cancellationToken: cancellationToken
            );
        }
        catch (Exception e) when (e is HttpRequestException or HttpOperationException or OperationCanceledException)
        {
            // A moment without the API, or the end. The Lease shows that it was not renewed.
        }
    }
}
