using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// Keeps the Endpoints object of each Service with a selector as its EndpointSlices are: what clients from before
/// EndpointSlices read. The datapath does not.
/// </summary>
internal sealed class EndpointsController(IKubernetes api, ClusterCache cache, EventRecorder events)
{
    private const string Component = "endpoint-controller";

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        if (!cache.Endpoints.HasOwnWrites)
            return;
        var present = cache.Endpoints.Objects.Values.ToDictionary(e => (e.Namespace(), e.Name()));
        var slices = cache.EndpointSlices.Objects.Values.ToLookup(s =>
            (s.Namespace(), s.GetLabel(EndpointSliceController.ServiceLabel))
        );
        await Reconciler.EachAsync(
            cache.Services.Objects.Values.Where(EndpointSliceController.HasEndpoints),
            service =>
            {
                var key = (service.Namespace(), service.Name());
                var subsets = slices[key].OrderBy(s => s.Name(), StringComparer.Ordinal).Select(Subset);
                return WriteAsync(service, [.. subsets.OfType<V1EndpointSubset>()], present.GetValueOrDefault(key));
            },
            events,
            Component,
            cancellationToken
        );

        async Task WriteAsync(V1Service service, List<V1EndpointSubset> subsets, V1Endpoints? now)
        {
            if (now is not null && KubernetesJson.Serialize(now.Subsets ?? []) == KubernetesJson.Serialize(subsets))
                return;
            var wanted = new V1Endpoints
            {
                Metadata = new V1ObjectMeta
                {
                    Name = service.Name(),
                    Labels = service.Labels(),
                    OwnerReferences = [PodTemplates.Owner(service)],
                },
                Subsets = subsets,
            };
            var (name, ns, core) = (service.Name(), service.Namespace(), api.CoreV1);
            cache.Endpoints.Wrote(
                now is null
                    ? await core.CreateNamespacedEndpointsAsync(wanted, ns, cancellationToken: cancellationToken)
                    : await core.ReplaceNamespacedEndpointsAsync(wanted, name, ns, cancellationToken: cancellationToken)
            );
        }
    }

    /// <summary>A slice as a subset; null when it has no address. Terminating endpoints are not in it.</summary>
    private static V1EndpointSubset? Subset(V1EndpointSlice slice)
    {
        var staying = (slice.Endpoints ?? []).Where(e => e.Conditions?.Terminating is not true).ToList();
        var ports = (slice.Ports ?? [])
            .Where(p => p.Port is not null)
            .Select(p => new Corev1EndpointPort
            {
                Name = p.Name is "" ? null : p.Name,
                Port = p.Port!.Value,
                Protocol = p.Protocol,
            })
            .ToList();
        return staying.Count == 0
            ? null
            : new V1EndpointSubset
            {
                Addresses = Addresses(staying.Where(e => e.Conditions?.Ready is not false)),
                NotReadyAddresses = Addresses(staying.Where(e => e.Conditions?.Ready is false)),
                Ports = ports,
            };
    }

    private static List<V1EndpointAddress>? Addresses(IEnumerable<V1Endpoint> endpoints)
    {
        var addresses = endpoints
            .Select(e => new V1EndpointAddress
            {
                Ip = e.Addresses[0],
                NodeName = e.NodeName,
                TargetRef = e.TargetRef,
            })
            .ToList();
        return addresses.Count == 0 ? null : addresses;
    }
}
