using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;
using CiliumDebugging.EmbeddedCluster.Network;
using CiliumDebugging.LoadTest.Contract;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>The objects a fresh cluster has before any Pod joins: resource definitions, namespaces, nodes, Services, the agents with their settings, and the lab's Deployments.</summary>
internal static class ClusterObjects
{
    private static readonly (string Plural, string Kind, string[] ShortNames, bool Namespaced)[] s_customResources =
    [
        ("ciliumnetworkpolicies", "CiliumNetworkPolicy", ["cnp", "ciliumnp"], true),
        ("ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy", ["ccnp"], false),
        ("ciliumendpoints", "CiliumEndpoint", ["cep", "ciliumep"], true),
    ];

    /// <summary>Kubernetes version the nodes claim; the one of the seed's time.</summary>
    private const string KubeletVersion = "v1.19.1";

    /// <summary>Creates the objects.</summary>
    /// <param name="api">The cluster's API.</param>
    /// <param name="options">The topology and the agents' settings.</param>
    /// <param name="version">The agents' version, which their image has.</param>
    /// <param name="addresses">Where nodes and Services get theirs from.</param>
    /// <param name="cancellationToken">Ends the creation.</param>
    public static async Task CreateAsync(
        IKubernetes api,
        ClusterOptions options,
        CiliumVersion version,
        AddressBlocks addresses,
        CancellationToken cancellationToken
    )
    {
        ClusterTopology topology = options.Topology;
        foreach (var (plural, kind, shortNames, namespaced) in s_customResources)
            await api.ApiextensionsV1.CreateCustomResourceDefinitionAsync(
                Definition(plural, kind, shortNames, namespaced),
                cancellationToken: cancellationToken
            );
        var namespaces = topology
            .Workloads.Select(w => w.Namespace)
            .Concat(topology.Services.Select(s => s.Namespace))
            .Distinct(StringComparer.Ordinal)
            .Except(["default", CiliumNames.SystemNamespace], StringComparer.Ordinal);
        foreach (var ns in namespaces)
            await api.CoreV1.CreateNamespaceAsync(
                new V1Namespace
                {
                    Metadata = new V1ObjectMeta
                    {
                        Name = ns,
                        Labels = new Dictionary<string, string>
                        {
                            ["kubernetes.io/metadata.name"] = ns,
                            [Ownership.Label] = Ownership.Name,
                        },
                    },
                },
                cancellationToken: cancellationToken
            );
        await api.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap
            {
                Metadata = new V1ObjectMeta
                {
                    Name = CiliumNames.ConfigMap,
                    NamespaceProperty = CiliumNames.SystemNamespace,
                },
                Data = options.CiliumConfig.ToDictionary(),
            },
            CiliumNames.SystemNamespace,
            cancellationToken: cancellationToken
        );
        for (var i = 0; i < topology.Nodes.Length; i++)
            await api.CoreV1.CreateNodeAsync(
                Node(topology.Nodes[i], i, addresses, options.Time.GetUtcNow().UtcDateTime),
                cancellationToken: cancellationToken
            );
        foreach (var service in topology.Services)
            await api.CoreV1.CreateNamespacedServiceAsync(
                Service(service, addresses),
                service.Namespace,
                cancellationToken: cancellationToken
            );
        await api.AppsV1.CreateNamespacedDaemonSetAsync(
            AgentController.DaemonSet(version),
            CiliumNames.SystemNamespace,
            cancellationToken: cancellationToken
        );
        await api.AppsV1.CreateNamespacedDaemonSetAsync(
            AgentController.SystemDaemonSet(
                "kube-proxy",
                new V1Container { Name = "kube-proxy", Image = $"registry.k8s.io/kube-proxy:{KubeletVersion}" }
            ),
            CiliumNames.SystemNamespace,
            cancellationToken: cancellationToken
        );
        foreach (var workload in topology.Workloads)
            await api.AppsV1.CreateNamespacedDeploymentAsync(
                Deployment(workload),
                workload.Namespace,
                cancellationToken: cancellationToken
            );
    }

    private static V1Deployment Deployment(WorkloadSpec workload)
    {
        var (image, probed) =
            workload.Image is PodImage.LoadTest
                ? ("load-test", LoadTestPorts.Control)
                : ("backend", workload.Port ?? 8080);
        return new V1Deployment
        {
            Metadata = new V1ObjectMeta
            {
                Name = workload.Name,
                NamespaceProperty = workload.Namespace,
                Labels = workload.Labels.ToDictionary(),
            },
            Spec = new V1DeploymentSpec
            {
                Replicas = workload.Nodes.Length,
                Selector = new V1LabelSelector { MatchLabels = workload.Labels.ToDictionary() },
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta
                    {
                        Labels = workload.Labels.ToDictionary(),
                        Annotations = new Dictionary<string, string>
                        {
                            [Scheduler.PlacementAnnotation] = string.Join(',', workload.Nodes),
                        },
                    },
                    Spec = new V1PodSpec
                    {
                        Containers =
                        [
                            new V1Container
                            {
                                Name = image,
                                Image = image,
                                Ports = workload.Port is { } port
                                    ?
                                    [
                                        new V1ContainerPort
                                        {
                                            Name = "http",
                                            ContainerPort = port,
                                            Protocol = "TCP",
                                        },
                                    ]
                                    : null,
                                ReadinessProbe = new V1Probe
                                {
                                    HttpGet = new V1HTTPGetAction { Path = "/health", Port = probed },
                                },
                            },
                        ],
                    },
                },
            },
        };
    }

    private static V1CustomResourceDefinition Definition(
        string plural,
        string kind,
        string[] shortNames,
        bool namespaced
    ) =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = $"{plural}.cilium.io" },
            Spec = new V1CustomResourceDefinitionSpec
            {
                Group = "cilium.io",
                Scope = namespaced ? "Namespaced" : "Cluster",
                Names = new V1CustomResourceDefinitionNames
                {
                    Plural = plural,
                    Kind = kind,
                    ListKind = kind + "List",
                    Singular = kind.ToLowerInvariant(),
                    ShortNames = shortNames,
                },
                Versions =
                [
                    new V1CustomResourceDefinitionVersion
                    {
                        Name = "v2",
                        Served = true,
                        Storage = true,
                        Schema = new V1CustomResourceValidation
                        {
                            OpenAPIV3Schema = new V1JSONSchemaProps
                            {
                                Type = "object",
                                XKubernetesPreserveUnknownFields = true,
                            },
                        },
                    },
                ],
            },
        };

    private static V1Node Node(NodeSpec node, int index, AddressBlocks addresses, DateTime now)
    {
        var labels = new Dictionary<string, string>
        {
            ["kubernetes.io/hostname"] = node.Name,
            ["kubernetes.io/os"] = "linux",
        };
        if (node.ControlPlane)
            labels["node-role.kubernetes.io/control-plane"] = "";
        if (node.Zone is { } zone)
            labels["topology.kubernetes.io/zone"] = zone;
        return new V1Node
        {
            Metadata = new V1ObjectMeta { Name = node.Name, Labels = labels },
            Spec = new V1NodeSpec
            {
                PodCIDR = addresses.PodCidr(index),
                PodCIDRs = [addresses.PodCidr(index)],
                Taints = node.ControlPlane
                    ? [new V1Taint { Key = "node-role.kubernetes.io/control-plane", Effect = "NoSchedule" }]
                    : null,
            },
            Status = new V1NodeStatus
            {
                Addresses =
                [
                    new V1NodeAddress
                    {
                        Type = "InternalIP",
                        Address = TcpEndpoint.ToIPAddress(addresses.Node(index)).ToString(),
                    },
                    new V1NodeAddress { Type = "Hostname", Address = node.Name },
                ],
                Capacity = Capacity(),
                Allocatable = Capacity(),
                Conditions =
                [
                    new V1NodeCondition
                    {
                        Type = "Ready",
                        Status = "True",
                        Reason = "KubeletReady",
                        LastHeartbeatTime = now,
                        LastTransitionTime = now,
                    },
                ],
                NodeInfo = new V1NodeSystemInfo
                {
                    KubeletVersion = KubeletVersion,
                    KernelVersion = Environment.OSVersion.Version.ToString(),
                    OperatingSystem = "linux",
                    OsImage = System.Runtime.InteropServices.RuntimeInformation.OSDescription,
                    Architecture = System
                        .Runtime.InteropServices.RuntimeInformation.OSArchitecture.ToString()
                        .ToLowerInvariant(),
                    ContainerRuntimeVersion = "process://" + Environment.Version.ToString(),
                    BootID = "",
                    KubeProxyVersion = KubeletVersion,
                    MachineID = "",
                    SystemUUID = "",
                },
            },
        };
    }

    /// <summary>What the machine has, which all nodes share; the scheduler counts Pods alone.</summary>
    private static Dictionary<string, ResourceQuantity> Capacity() =>
        new()
        {
            ["cpu"] = new ResourceQuantity(Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
            ["memory"] = new ResourceQuantity(
                string.Create(CultureInfo.InvariantCulture, $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 10}Ki")
            ),
            ["pods"] = new ResourceQuantity(Scheduler.MaxPodsPerNode.ToString(CultureInfo.InvariantCulture)),
        };

    private static V1Service Service(ServiceSpec service, AddressBlocks addresses) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = service.Name,
                NamespaceProperty = service.Namespace,
                Labels = service.Selector.SetItem(Ownership.Label, Ownership.Name).ToDictionary(),
            },
            Spec = new V1ServiceSpec
            {
                Type = "ClusterIP",
                ClusterIP = TcpEndpoint.ToIPAddress(addresses.NextService()).ToString(),
                Selector = service.Selector.ToDictionary(),
                Ports =
                [
                    new V1ServicePort
                    {
                        Name = "http",
                        Port = service.Port,
                        TargetPort = service.Port.ToString(CultureInfo.InvariantCulture),
                        Protocol = "TCP",
                    },
                ],
            },
        };
}
