using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.Releases;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// Makes what the agents know from the API's objects. Keeps a backend's id for as long as the backend exists.
/// </summary>
internal sealed class SnapshotBuilder
{
    private readonly IdentityTable _identities = new();
    private readonly Dictionary<(string PodUid, int Port), int> _backendIds = [];
    private string _modelsKey = "";
    private ImmutableArray<NetworkPolicyModel> _models = [];
    private string _policiesKey = "";
    private PolicySet _policies;
    private int _lastBackendId;

    public SnapshotBuilder() => _policies = PolicySet.Create([], _identities);

    /// <summary>Makes a snapshot.</summary>
    /// <param name="cache">The API's objects.</param>
    /// <param name="release">The release of Cilium that policies are read for.</param>
    /// <param name="known">The EndpointSlices that the nodes know.</param>
    public ClusterSnapshot Build(ClusterCache cache, CiliumVersion release, IReadOnlyCollection<V1EndpointSlice> known)
    {
        var labels = cache.Namespaces.Objects.Values.ToDictionary(n => n.Name(), n => n.Labels());
        var pods = cache
            .Pods.Objects.Values.Where(p =>
                IPAddress.TryParse(p.Status?.PodIP, out _) && p.Spec.HostNetwork is not true
            )
            .Select(p => Entry(p, labels.GetValueOrDefault(p.Namespace())))
            .GroupBy(p => p.Address)
            .ToFrozenDictionary(g => g.Key, g => g.Last());
        var services = new ServiceTable(
            cache
                .Services.Objects.Values.Where(s => IPAddress.TryParse(s.Spec.ClusterIP, out _) && !IsApi(s))
                .SelectMany(s => Frontends(s, known, release))
        );
        return new ClusterSnapshot(pods, services, Policies(cache, pods.Values, release), _identities);
    }

    private static bool IsApi(V1Service service) =>
        service.Name() == ClusterObjects.ApiService && service.Namespace() == ClusterObjects.ApiServiceNamespace;

    private PodEntry Entry(V1Pod pod, IDictionary<string, string>? namespaceLabels)
    {
        var address = TcpEndpoint.AddressOf(IPAddress.Parse(pod.Status.PodIP));
        var identity = _identities.Of(pod, namespaceLabels);
        return new PodEntry(pod.Namespace(), pod.Name(), pod.Spec.NodeName, address, pod.Uid(), identity);
    }

    private IEnumerable<ServiceFrontend> Frontends(
        V1Service service,
        IReadOnlyCollection<V1EndpointSlice> known,
        CiliumVersion release
    )
    {
        var vip = TcpEndpoint.AddressOf(IPAddress.Parse(service.Spec.ClusterIP));
        var slices = known
            .Where(s =>
                s.Namespace() == service.Namespace()
                && s.GetLabel(EndpointSliceController.ServiceLabel) == service.Name()
            )
            .ToList();
        // The lab carries TCP alone: a port of another protocol has endpoints, and nothing behind its address.
        foreach (var port in (service.Spec.Ports ?? []).Where(p => p.Protocol is null or "TCP"))
        {
            var endpoints = slices
                .SelectMany(slice => slice.Endpoints ?? [], (slice, endpoint) => (slice, endpoint))
                .Where(e =>
                    e.slice.AddressType is "IPv4"
                    && e.endpoint.Addresses is [var first, ..]
                    && IPAddress.TryParse(first, out _)
                )
                // A Pod keeps its id when another slice has its address as well.
                .OrderBy(e => e.endpoint.TargetRef is null)
                .ToList();
            var backends = UsableEndpoints
                .Of(endpoints, e => e.endpoint.Conditions, release)
                .SelectMany(e =>
                    (e.slice.Ports ?? [])
                        .Where(p => (p.Name ?? "") == (port.Name ?? "") && p.Protocol is null or "TCP")
                        .Select(p => p.Port)
                        .OfType<int>()
                        .Select(number => Backend(e.endpoint, number))
                )
                // An address in several slices is one endpoint, as while Pods move from one slice to another.
                .DistinctBy(b => b.Address);
            var (spec, ready) = (service.Spec, backends.ToImmutableArray());
            var (affinity, timeout) = (spec.SessionAffinity, spec.SessionAffinityConfig?.ClientIP?.TimeoutSeconds);
            var inside = ServiceTraits.Read(affinity, timeout, spec.InternalTrafficPolicy, spec.TrafficDistribution);
            yield return new ServiceFrontend(new TcpEndpoint(vip, (ushort)port.Port), ready, inside);
            if (spec.Type is not ("NodePort" or "LoadBalancer") || port.NodePort is not (> 0 and var nodePort))
                continue;
            var outside = ServiceTraits.ReadExternal(affinity, timeout, spec.ExternalTrafficPolicy);
            yield return new ServiceFrontend(new TcpEndpoint(0, (ushort)nodePort), ready, outside);
        }
    }

    private ServiceBackend Backend(V1Endpoint endpoint, int port)
    {
        var key = (endpoint.TargetRef?.Uid ?? endpoint.Addresses[0], port);
        if (!_backendIds.TryGetValue(key, out var id))
            _backendIds[key] = id = ++_lastBackendId;
        var address = new TcpEndpoint(TcpEndpoint.AddressOf(IPAddress.Parse(endpoint.Addresses[0])), (ushort)port);
        var node = endpoint.NodeName is { } name ? NodeNumbers.Of(name) : -1;
        return new ServiceBackend(id, address, node, endpoint.Hints?.ForZones?.FirstOrDefault()?.Name);
    }

    /// <summary>The policies; the set before stays where nothing that they depend on has changed.</summary>
    private PolicySet Policies(ClusterCache cache, IEnumerable<PodEntry> pods, CiliumVersion release)
    {
        var objects = cache
            .Policies.SelectMany(i => i.Objects.Values)
            .OrderBy(p => p.Metadata.Uid, StringComparer.Ordinal)
            .ToList();
        var modelsKey = $"{release}: {Versions(objects)}";
        if (modelsKey != _modelsKey)
        {
            // The API server refused whatever the reader has a problem with, so there is none left here.
            _models =
            [
                .. objects.SelectMany(o =>
                    PolicyReader
                        .ReadJson(o.ToJson(), $"{o.Kind} {o.Metadata.NamespaceProperty}/{o.Metadata.Name}", release)
                        .Policies
                ),
            ];
            _modelsKey = modelsKey;
        }
        var ports = pods.SelectMany(p => p.Identity.NamedPorts).Distinct().ToList();
        var refer = PolicyReferences.AreNeeded(_models);
        var key = string.Join(
            ',',
            ports
                .Select(p => p.ToString())
                .Order(StringComparer.Ordinal)
                .Prepend(modelsKey)
                .Append(refer ? Versions(cache.CidrGroups.Objects.Values) : "")
                .Append(refer ? Versions(cache.Services.Objects.Values) : "")
                .Append(refer ? Versions(cache.EndpointSlices.Objects.Values) : "")
        );
        if (key == _policiesKey)
            return _policies;
        _policiesKey = key;
        var references = refer ? References(cache) : PolicyReferences.None;
        return _policies = PolicySet.Create(_models, _identities, ports, _policies, references);
    }

    private static PolicyReferences References(ClusterCache cache)
    {
        var slices = cache.EndpointSlices.Objects.Values.ToLookup(s =>
            (s.Namespace(), s.GetLabel(EndpointSliceController.ServiceLabel))
        );
        return new PolicyReferences(
            [
                .. cache
                    .CidrGroups.Objects.Values.Select(g => CidrGroupReader.ReadJson(g.ToJson(), g.Name()).Group)
                    .OfType<CidrGroup>(),
            ],
            [.. cache.Services.Objects.Values.Select(s => ServiceReferences.Of(s, slices[(s.Namespace(), s.Name())]))]
        );
    }

    /// <summary>Differs where any of the objects does.</summary>
    private static string Versions<T>(IEnumerable<T> objects)
        where T : IMetadata<V1ObjectMeta> =>
        string.Join(
            ' ',
            objects.Select(o => $"{o.Metadata.Uid}@{o.Metadata.ResourceVersion}").Order(StringComparer.Ordinal)
        );
}
