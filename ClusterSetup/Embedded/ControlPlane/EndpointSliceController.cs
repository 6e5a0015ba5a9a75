using CiliumDebugging.ClusterSetup.Embedded.ControlPlane.Workloads;
using CiliumDebugging.ClusterSetup.Topology;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane;

/// <summary>Keeps one EndpointSlice per Service: the Pods its selector finds, with their readiness.</summary>
internal sealed class EndpointSliceController(IKubernetes api, ClusterCache cache, LabTopology topology)
{
    private readonly Dictionary<string, string> _written = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string?> _zones = topology.Nodes.ToDictionary(n => n.Name, n => n.Zone, StringComparer.Ordinal);

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        foreach (var service in cache.Services.Objects.Values)
        {
            if (service.Spec.Selector is not { Count: > 0 }) continue;
            var slice = Describe(service);
            var fingerprint = KubernetesJson.Serialize(slice);
            if (_written.GetValueOrDefault(service.Uid()) == fingerprint) continue;
            await WriteAsync(slice, cancellationToken);
            _written[service.Uid()] = fingerprint;
        }
        foreach (var gone in _written.Keys.Except(cache.Services.Objects.Keys, StringComparer.Ordinal).ToList()) _written.Remove(gone);
    }

    private async Task WriteAsync(V1EndpointSlice slice, CancellationToken cancellationToken)
    {
        var (ns, name) = (slice.Namespace(), slice.Name());
        var exists = cache.EndpointSlices.Objects.Values.Any(s => s.Namespace() == ns && s.Name() == name);
        if (exists) await api.DiscoveryV1.ReplaceNamespacedEndpointSliceAsync(slice, name, ns, cancellationToken: cancellationToken);
        else await api.DiscoveryV1.CreateNamespacedEndpointSliceAsync(slice, ns, cancellationToken: cancellationToken);
    }

    private V1EndpointSlice Describe(V1Service service)
    {
        var ports = service.Spec.Ports.Select(p => new Discoveryv1EndpointPort { Name = p.Name, Port = TargetPort(p), Protocol = p.Protocol ?? "TCP" }).ToList();
        var pods = cache.Pods.Objects.Values
            .Where(p => p.Namespace() == service.Namespace() && p.Status?.PodIP is not null && PodTemplates.IsActive(p) && service.Spec.Selector.All(s => p.GetLabel(s.Key) == s.Value))
            .OrderBy(p => p.Name(), StringComparer.Ordinal)
            .Select(p => (Pod: p, Zone: _zones.GetValueOrDefault(p.Spec.NodeName ?? ""))).ToList();
        // As kube-controller-manager does it: every Pod is for its own zone, if all have one.
        var hinted = service.Spec.TrafficDistribution is "PreferClose" or "PreferSameZone" && pods.All(p => p.Zone is not null);
        var endpoints = pods.Select(p => Endpoint(p.Pod, p.Zone, hinted)).ToList();
        return new V1EndpointSlice
        {
            ApiVersion = "discovery.k8s.io/v1",
            Kind = "EndpointSlice",
            Metadata = new V1ObjectMeta
            {
                Name = $"{service.Name()}-slice",
                NamespaceProperty = service.Namespace(),
                Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = service.Name() },
            },
            AddressType = "IPv4",
            Endpoints = endpoints,
            Ports = ports,
        };
    }

    private static V1Endpoint Endpoint(V1Pod pod, string? zone, bool hinted) => new()
    {
        Addresses = [pod.Status.PodIP],
        NodeName = pod.Spec.NodeName,
        Zone = zone,
        Hints = hinted ? new V1EndpointHints { ForZones = [new V1ForZone { Name = zone! }] } : null,
        Conditions = new V1EndpointConditions { Ready = IsReady(pod), Serving = IsReady(pod), Terminating = false },
        TargetRef = new V1ObjectReference { Kind = "Pod", Name = pod.Name(), NamespaceProperty = pod.Namespace(), Uid = pod.Uid() },
    };

    private static int TargetPort(V1ServicePort port) =>
        port.TargetPort is { } target && int.TryParse(target.Value, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : port.Port;

    /// <summary>Whether a Pod's Ready condition is true.</summary>
    public static bool IsReady(V1Pod pod) => pod.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) ?? false;
}
