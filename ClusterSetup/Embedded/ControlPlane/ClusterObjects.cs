using System.Globalization;
using CiliumDebugging.ClusterSetup.Embedded.Datapath;
using CiliumDebugging.ClusterSetup.Embedded.Network;
using CiliumDebugging.ClusterSetup.Manifests;
using CiliumDebugging.ClusterSetup.Topology;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane;

/// <summary>The objects a fresh cluster has before any Pod joins: namespaces, nodes, Services and the agents' settings.</summary>
internal static class ClusterObjects
{
    /// <summary>Namespace of the agents and of their settings.</summary>
    public const string SystemNamespace = "kube-system";

    /// <summary>Name of the ConfigMap with the agents' settings.</summary>
    public const string CiliumConfigName = "cilium-config";

    /// <summary>Kubernetes version the nodes claim; the one of the seed's time.</summary>
    private const string KubeletVersion = "v1.19.1";

    /// <summary>Creates the objects.</summary>
    public static async Task CreateAsync(
        IKubernetes api, LabTopology topology, AddressBlocks addresses, IReadOnlyDictionary<string, string> ciliumConfig, CancellationToken cancellationToken)
    {
        var namespaces = topology.Workloads.Select(w => w.Namespace).Concat(topology.Services.Select(s => s.Namespace)).Distinct(StringComparer.Ordinal).Except(["default", SystemNamespace], StringComparer.Ordinal);
        foreach (var ns in namespaces)
            await api.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = ns, Labels = new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = ns, [Manifest.OwnerLabel] = Manifest.Owner } } }, cancellationToken: cancellationToken);
        await api.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new V1ObjectMeta { Name = CiliumConfigName, NamespaceProperty = SystemNamespace }, Data = ciliumConfig.ToDictionary() }, SystemNamespace, cancellationToken: cancellationToken);
        for (var i = 0; i < topology.Nodes.Length; i++)
            await api.CoreV1.CreateNodeAsync(Node(topology.Nodes[i], i, addresses), cancellationToken: cancellationToken);
        foreach (var service in topology.Services)
            await api.CoreV1.CreateNamespacedServiceAsync(Service(service, addresses), service.Namespace, cancellationToken: cancellationToken);
    }

    private static V1Node Node(NodeSpec node, int index, AddressBlocks addresses)
    {
        var labels = new Dictionary<string, string> { ["kubernetes.io/hostname"] = node.Name, ["kubernetes.io/os"] = "linux" };
        if (node.ControlPlane) labels["node-role.kubernetes.io/control-plane"] = "";
        if (node.Zone is { } zone) labels["topology.kubernetes.io/zone"] = zone;
        return new V1Node
        {
            Metadata = new V1ObjectMeta { Name = node.Name, Labels = labels },
            Spec = new V1NodeSpec { PodCIDR = addresses.PodCidr(index), PodCIDRs = [addresses.PodCidr(index)] },
            Status = new V1NodeStatus
            {
                Addresses =
                [
                    new V1NodeAddress { Type = "InternalIP", Address = TcpEndpoint.ToIPAddress(addresses.Node(index)).ToString() },
                    new V1NodeAddress { Type = "Hostname", Address = node.Name },
                ],
                Conditions = [new V1NodeCondition { Type = "Ready", Status = "True", Reason = "KubeletReady" }],
                NodeInfo = new V1NodeSystemInfo
                {
                    KubeletVersion = KubeletVersion,
                    KernelVersion = Environment.OSVersion.Version.ToString(),
                    OperatingSystem = "linux",
                    OsImage = System.Runtime.InteropServices.RuntimeInformation.OSDescription,
                    Architecture = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(),
                    ContainerRuntimeVersion = "process://" + Environment.Version.ToString(),
                    BootID = "", KubeProxyVersion = KubeletVersion, MachineID = "", SystemUUID = "",
                },
            },
        };
    }

    private static V1Service Service(ServiceSpec service, AddressBlocks addresses) => new()
    {
        Metadata = new V1ObjectMeta { Name = service.Name, NamespaceProperty = service.Namespace, Labels = service.Selector.SetItem(Manifest.OwnerLabel, Manifest.Owner).ToDictionary() },
        Spec = new V1ServiceSpec
        {
            Type = "ClusterIP",
            ClusterIP = TcpEndpoint.ToIPAddress(addresses.NextService()).ToString(),
            Selector = service.Selector.ToDictionary(),
            Ports = [new V1ServicePort { Name = "http", Port = service.Port, TargetPort = service.Port.ToString(CultureInfo.InvariantCulture), Protocol = "TCP" }],
        },
    };
}
