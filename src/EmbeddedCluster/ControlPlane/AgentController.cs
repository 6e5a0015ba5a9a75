using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.Sockets;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.EmbeddedCluster.Kubelet;
using CiliumDebugging.EmbeddedCluster.Network;
using CiliumDebugging.Releases;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// The agents: the Pods of DaemonSet kube-system/cilium. An agent reads cilium-config when it starts, and is restarted
/// by deleting its Pod or rolling its DaemonSet out again. With settings that cannot be read it is not ready, and the
/// node's datapath goes on as it was.
/// </summary>
internal sealed class AgentController(
    IKubernetes api,
    ClusterCache cache,
    LiveDatapath datapath,
    SocketTable sharedSockets,
    EventRecorder events,
    TimeProvider time
)
{
    private const string AppLabel = "k8s-app";
    private readonly Dictionary<string, string> _agents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NodeDatapath> _nodes = datapath.Path.Nodes.ToDictionary(n => n.Name);
    private string? _failed;

    public static bool IsAgent(V1Pod pod) =>
        pod.Namespace() == CiliumNames.SystemNamespace && pod.GetLabel(AppLabel) == "cilium";

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        foreach (var (node, before) in _nodes.ToList())
        {
            // With an address the kubelet has done its part, and no status of it will overwrite the agent's.
            var running = cache.Pods.Objects.Values.FirstOrDefault(p =>
                IsAgent(p) && !p.IsBeingDeleted() && p.Spec.NodeName == node && p.Status?.PodIP is not null
            );
            if (running is null || _agents.GetValueOrDefault(node) == running.Uid())
                continue;
            var status = new PodStatusWriter(api, running, running.Status.PodIP, running.Status.PodIP, time);
            var config = await ReadConfigAsync(running, status, cancellationToken);
            var sockets = config.Sockets is SocketScope.Shared ? sharedSockets : new SocketTable();
            _nodes[node] = before.Restarted(config, sockets);
            datapath.Path = new ForwardingPath(_nodes.Values);
            await status.WriteAsync("Running", ready: true, status.Running(), cancellationToken);
            // Not before: an agent whose status could not be written is started again in the next round.
            _agents[node] = running.Uid();
        }
    }

    private async Task<CiliumConfig> ReadConfigAsync(V1Pod agent, PodStatusWriter status, CancellationToken stop)
    {
        var (name, ns) = (CiliumNames.ConfigMap, CiliumNames.SystemNamespace);
        var map = await api.CoreV1.ReadNamespacedConfigMapAsync(name, ns, cancellationToken: stop);
        try
        {
            return CiliumConfig.Parse(map.Data ?? new Dictionary<string, string>());
        }
        catch (FormatException e) when (_failed != agent.Uid())
        {
            _failed = agent.Uid();
            var waiting = PodStatusWriter.Waiting("CrashLoopBackOff", e.Message);
            await status.WriteAsync("Running", ready: false, waiting, stop);
            events.Record(agent, "kubelet", "BackOff", e.Message, isWarning: true);
            throw;
        }
    }

    public static V1DaemonSet DaemonSet(CiliumVersion version)
    {
        var container = new V1Container { Name = "cilium-agent", Image = $"quay.io/cilium/cilium:v{version}" };
        container.Ports = [PodTemplates.TcpPort("hubble-metrics", CiliumNames.HubbleMetricsPort)];
        return SystemDaemonSet("cilium", container);
    }

    /// <summary>A DaemonSet of kube-system on the host network of every node, the control plane's too.</summary>
    public static V1DaemonSet SystemDaemonSet(string name, V1Container container)
    {
        var labels = new Dictionary<string, string> { [AppLabel] = name };
        return new V1DaemonSet
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = CiliumNames.SystemNamespace,
                Labels = labels,
            },
            Spec = new V1DaemonSetSpec
            {
                Selector = new V1LabelSelector { MatchLabels = labels },
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = labels },
                    Spec = new V1PodSpec
                    {
                        HostNetwork = true,
                        Containers = [container],
                        Tolerations = [new V1Toleration { OperatorProperty = "Exists" }],
                    },
                },
            },
        };
    }
}
