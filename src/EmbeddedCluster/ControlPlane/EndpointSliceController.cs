using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Api.Validation;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// Keeps each Service's EndpointSlices as they should be: the Pods its selector finds, with their readiness, those that
/// are being deleted as terminating; one slice for every 1000 Pods that have the Service's target ports at the same
/// numbers. A slice that is changed or deleted by others is restored. The Service owns its slices, so that they are deleted with
/// it.
/// </summary>
internal sealed class EndpointSliceController(
    IKubernetes api,
    ClusterCache cache,
    ClusterTopology topology,
    EventRecorder events
)
{
    public const string ServiceLabel = "kubernetes.io/service-name";

    public const string ManagerLabel = "endpointslice.kubernetes.io/managed-by";
    private const string Component = "endpoint-slice-controller";
    private const string Manager = "endpointslice-controller.k8s.io";

    private readonly Dictionary<string, string?> _zones = topology.Nodes.ToDictionary(n => n.Name, n => n.Zone);

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        if (!cache.EndpointSlices.HasOwnWrites)
            return;
        var present = cache.EndpointSlices.Objects.Values.ToDictionary(Key);
        var wanted = new Dictionary<(string, string), V1EndpointSlice>();
        await Reconciler.EachAsync(
            cache.Services.Objects.Values.Where(HasEndpoints),
            service =>
            {
                foreach (var slice in Describe(service))
                    wanted[Key(slice)] = slice;
                return Task.CompletedTask;
            },
            events,
            Component,
            cancellationToken
        );
        await Reconciler.EachAsync(
            wanted.Values,
            slice => WriteAsync(slice, present.GetValueOrDefault(Key(slice)), cancellationToken),
            cancellationToken
        );
        var superfluous = present.Values.Where(s =>
            s.GetLabel(ManagerLabel) == Manager && !wanted.ContainsKey(Key(s)) && !IsLeftToOthers(s)
        );
        await Reconciler.EachAsync(superfluous, s => DeleteAsync(s, cancellationToken), cancellationToken);
    }

    private Task<V1Status> DeleteAsync(V1EndpointSlice slice, CancellationToken stop) =>
        api.DiscoveryV1.DeleteNamespacedEndpointSliceAsync(slice.Name(), slice.Namespace(), cancellationToken: stop);

    private static (string Namespace, string Name) Key(V1EndpointSlice slice) => (slice.Namespace(), slice.Name());

    /// <summary>Whether this controller maintains endpoints of a Service: one with a selector and an address.</summary>
    public static bool HasEndpoints(V1Service service) =>
        service.Spec is { Selector.Count: > 0, Type: not "ExternalName" };

    /// <summary>A Service that lost its selector keeps its endpoints, which others maintain from then on.</summary>
    private bool IsLeftToOthers(V1EndpointSlice slice) =>
        slice
            .OwnerReferences()
            ?.Any(o => cache.Services.Objects.TryGetValue(o.Uid, out var service) && !HasEndpoints(service))
            is true;

    private async Task WriteAsync(V1EndpointSlice slice, V1EndpointSlice? present, CancellationToken stop)
    {
        if (present is not null && Fingerprint(present) == Fingerprint(slice))
            return;
        var ((ns, name), slices) = (Key(slice), api.DiscoveryV1);
        var written = present is null
            ? await slices.CreateNamespacedEndpointSliceAsync(slice, ns, cancellationToken: stop)
            : await slices.ReplaceNamespacedEndpointSliceAsync(slice, name, ns, cancellationToken: stop);
        cache.EndpointSlices.Wrote(written);
    }

    private static string Fingerprint(V1EndpointSlice slice) =>
        KubernetesJson.Serialize(
            new V1EndpointSlice
            {
                AddressType = slice.AddressType,
                Endpoints = slice.Endpoints ?? [],
                Ports = slice.Ports ?? [],
                Metadata = new V1ObjectMeta
                {
                    Name = slice.GetLabel(ServiceLabel),
                    GenerateName = slice.GetLabel(ManagerLabel),
                    OwnerReferences = slice.OwnerReferences(),
                },
            }
        );

    private IEnumerable<V1EndpointSlice> Describe(V1Service service)
    {
        var pods = cache
            .Pods.Objects.Values.Where(p =>
                p.Namespace() == service.Namespace()
                && p.Status?.PodIP is not null
                && p.Status.Phase is not ("Succeeded" or "Failed")
                && service.Spec.Selector.All(s => p.GetLabel(s.Key) == s.Value)
            )
            .OrderBy(p => p.Name(), StringComparer.Ordinal)
            .Select(p => (Pod: p, Zone: _zones.GetValueOrDefault(p.Spec.NodeName ?? "")))
            .ToList();
        // As kube-controller-manager does it: every Pod is for its own zone, if all have one.
        var hinted =
            service.Spec.TrafficDistribution is "PreferClose" or "PreferSameZone" && pods.All(p => p.Zone is not null);
        var early = service.Spec.PublishNotReadyAddresses is true;
        if (pods.Count == 0)
            return [Slice(service, 0, [], [])];
        return pods.GroupBy(p => KubernetesJson.Serialize(Ports(service, p.Pod)), StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .SelectMany(group => group.Chunk(EndpointSliceRules.MaxEndpoints))
            .Select(
                (group, i) =>
                    Slice(
                        service,
                        i,
                        [.. group.Select(p => Endpoint(p.Pod, p.Zone, hinted, early))],
                        Ports(service, group[0].Pod)
                    )
            );
    }

    private static V1EndpointSlice Slice(
        V1Service service,
        int number,
        List<V1Endpoint> endpoints,
        List<Discoveryv1EndpointPort> ports
    ) =>
        new()
        {
            ApiVersion = "discovery.k8s.io/v1",
            Kind = "EndpointSlice",
            Metadata = new V1ObjectMeta
            {
                Name = $"{service.Name()}-slice{(number == 0 ? "" : $"-{number + 1}")}",
                NamespaceProperty = service.Namespace(),
                Labels = new Dictionary<string, string> { [ServiceLabel] = service.Name(), [ManagerLabel] = Manager },
                OwnerReferences = [PodTemplates.Owner(service)],
            },
            AddressType = "IPv4",
            Endpoints = endpoints,
            Ports = ports,
        };

    /// <summary>The Service's target ports in a Pod. One that the Pod's containers do not name is left out.</summary>
    private static List<Discoveryv1EndpointPort> Ports(V1Service service, V1Pod pod) =>
        [
            .. (service.Spec.Ports ?? [])
                .Select(p => new Discoveryv1EndpointPort
                {
                    Name = p.Name ?? "",
                    Port = TargetPort(p, pod),
                    Protocol = p.Protocol ?? "TCP",
                })
                .Where(p => p.Port is not null),
        ];

    private static V1Endpoint Endpoint(V1Pod pod, string? zone, bool hinted, bool early) =>
        new()
        {
            Addresses = [pod.Status.PodIP],
            NodeName = pod.Spec.NodeName,
            Zone = zone,
            Hints = hinted ? new V1EndpointHints { ForZones = [new V1ForZone { Name = zone! }] } : null,
            Conditions = new V1EndpointConditions
            {
                Ready = early || (pod.IsReady() && !pod.IsBeingDeleted()),
                Serving = pod.IsReady(),
                Terminating = pod.IsBeingDeleted(),
            },
            TargetRef = new V1ObjectReference
            {
                Kind = "Pod",
                Name = pod.Name(),
                NamespaceProperty = pod.Namespace(),
                Uid = pod.Uid(),
            },
        };

    private static int? TargetPort(V1ServicePort port, V1Pod pod) =>
        port.TargetPort?.Value switch
        {
            null => port.Port,
            var text when int.TryParse(text, CultureInfo.InvariantCulture, out var number) => number,
            var name => pod
                .Spec.Containers.SelectMany(c => c.Ports ?? [])
                .FirstOrDefault(c => c.Name == name && (c.Protocol ?? "TCP") == (port.Protocol ?? "TCP"))
                ?.ContainerPort,
        };
}
