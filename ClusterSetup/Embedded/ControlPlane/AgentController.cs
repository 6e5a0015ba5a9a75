using CiliumDebugging.ClusterSetup.Embedded.Datapath;
using CiliumDebugging.ClusterSetup.Embedded.Datapath.Forwarding;
using CiliumDebugging.ClusterSetup.Embedded.Datapath.Settings;
using CiliumDebugging.ClusterSetup.Embedded.Datapath.Sockets;
using CiliumDebugging.ClusterSetup.Embedded.Network;
using CiliumDebugging.ClusterSetup.Topology;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane;

/// <summary>
/// The agents: one Pod of kube-system per node (label k8s-app=cilium). An agent reads cilium-config when it starts, and is restarted by deleting its Pod.
/// </summary>
internal sealed class AgentController(IKubernetes api, ClusterCache cache, AddressBlocks addresses, LiveDatapath datapath, LabTopology topology)
{
    private const string AppLabel = "k8s-app";
    private readonly Dictionary<string, string> _agents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NodeDatapath> _nodes = new(StringComparer.Ordinal);
    private readonly SocketTable _sharedSockets = new();

    /// <summary>Port of the Hubble metrics on every node in Cilium 1.9.</summary>
    public const int HubbleMetricsPort = 9091;

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var restarted = false;
        for (var i = 0; i < topology.Nodes.Length; i++)
        {
            var node = topology.Nodes[i].Name;
            var running = cache.Pods.Objects.Values.FirstOrDefault(p => p.Namespace() == ClusterObjects.SystemNamespace && p.GetLabel(AppLabel) == "cilium" && p.Spec.NodeName == node);
            var uid = running?.Uid();
            if (uid is not null && _agents.GetValueOrDefault(node) == uid) continue;
            var config = await ReadConfigAsync(cancellationToken);
            if (uid is null)
            {
                // The local copy may not show yet the Pod that the round before created.
                if (_agents.GetValueOrDefault(node) is { } created && !_seen.Contains(created)) continue;
                uid = await CreateAsync(node, config, cancellationToken);
            }
            _agents[node] = uid;
            var sockets = config.Sockets is SocketScope.Shared ? _sharedSockets : new SocketTable();
            _nodes[node] = _nodes.GetValueOrDefault(node)?.Restarted(config, sockets) ?? new NodeDatapath(node, addresses.Node(i), config, sockets, zone: topology.Nodes[i].Zone);
            restarted = true;
        }
        foreach (var pod in cache.Pods.Objects.Keys) _seen.Add(pod);
        _seen.IntersectWith(_agents.Values);
        if (restarted) datapath.Path = new ForwardingPath(_nodes.Values);
    }

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private async Task<CiliumConfig> ReadConfigAsync(CancellationToken cancellationToken)
    {
        var map = await api.CoreV1.ReadNamespacedConfigMapAsync(ClusterObjects.CiliumConfigName, ClusterObjects.SystemNamespace, cancellationToken: cancellationToken);
        return CiliumConfig.Parse(map.Data ?? new Dictionary<string, string>());
    }

    private async Task<string> CreateAsync(string node, CiliumConfig config, CancellationToken cancellationToken)
    {
        var pod = await api.CoreV1.CreateNamespacedPodAsync(new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                GenerateName = "cilium-",
                NamespaceProperty = ClusterObjects.SystemNamespace,
                Labels = new Dictionary<string, string> { [AppLabel] = "cilium" },
            },
            Spec = new V1PodSpec
            {
                NodeName = node,
                HostNetwork = true,
                Containers = [new V1Container { Name = "cilium-agent", Image = $"quay.io/cilium/cilium:v{config.Version}", Ports = [new V1ContainerPort { Name = "hubble-metrics", ContainerPort = HubbleMetricsPort, Protocol = "TCP" }] }],
            },
        }, ClusterObjects.SystemNamespace, cancellationToken: cancellationToken);
        return pod.Uid();
    }
}
