using System.Runtime.InteropServices;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;
using CiliumDebugging.EmbeddedCluster.Network;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Releases;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// The objects a fresh cluster has before any Pod joins: resource definitions, namespaces, nodes, Services, the agents
/// with their settings, and the lab's Deployments.
/// </summary>
internal static class ClusterObjects
{
    private static readonly ResourceKind[] s_customResources =
    [
        ResourceKinds.CiliumNetworkPolicies,
        ResourceKinds.CiliumClusterwideNetworkPolicies,
        ResourceKinds.CiliumCidrGroups,
        ResourceKinds.CiliumEndpoints,
    ];

    /// <summary>Kubernetes version that the nodes claim: that of the original report.</summary>
    private const string KubeletVersion = "v1.19.1";

    /// <summary>Name of the Service of the API server, in <see cref="ApiServiceNamespace"/>.</summary>
    public const string ApiService = "kubernetes";

    public const string ApiServiceNamespace = "default";

    /// <summary>Creates them; the version is the agents', which their image has.</summary>
    public static async Task CreateAsync(
        IKubernetes api,
        ClusterOptions options,
        CiliumVersion version,
        AddressBlocks addresses,
        CancellationToken stop
    )
    {
        var (topology, core, apps) = (options.Topology, api.CoreV1, api.AppsV1);
        foreach (var definition in s_customResources.Select(Definition))
            await api.ApiextensionsV1.CreateCustomResourceDefinitionAsync(definition, cancellationToken: stop);
        var namespaces = topology
            .Workloads.Select(w => w.Namespace)
            .Concat(topology.Services.Select(s => s.Namespace))
            .Distinct(StringComparer.Ordinal)
            .Except(["default", CiliumNames.SystemNamespace], StringComparer.Ordinal);
        foreach (var name in namespaces)
            await core.CreateNamespaceAsync(Namespace(name), cancellationToken: stop);
        var settings = new V1ConfigMap
        {
            Metadata = new V1ObjectMeta { Name = CiliumNames.ConfigMap },
            Data = options.CiliumConfig.ToDictionary(),
        };
        const string system = CiliumNames.SystemNamespace;
        await core.CreateNamespacedConfigMapAsync(settings, system, cancellationToken: stop);
        var now = options.Time.GetUtcNow().UtcDateTime;
        foreach (var (i, node) in topology.Nodes.Index())
            await core.CreateNodeAsync(Node(node, i, addresses, now), cancellationToken: stop);
        foreach (var service in topology.Services)
            await core.CreateNamespacedServiceAsync(
                Service(service, addresses),
                service.Namespace,
                cancellationToken: stop
            );
        var kubeProxy = new V1Container { Name = "kube-proxy", Image = $"registry.k8s.io/kube-proxy:{KubeletVersion}" };
        foreach (
            var set in (V1DaemonSet[])
                [AgentController.DaemonSet(version), AgentController.SystemDaemonSet("kube-proxy", kubeProxy)]
        )
            await apps.CreateNamespacedDaemonSetAsync(set, system, cancellationToken: stop);
        await CreateApiServiceAsync(core, api.BaseUri.Port, stop);
        foreach (var workload in topology.Workloads)
            await apps.CreateNamespacedDeploymentAsync(
                Deployment(workload),
                workload.Namespace,
                cancellationToken: stop
            );
    }

    /// <summary>
    /// Service default/kubernetes, by which a cluster's programs find its API. Its endpoints are the API server's own
    /// address; Pods of the embedded cluster have that from their environment, and the datapath does not carry this
    /// Service.
    /// </summary>
    private static async Task CreateApiServiceAsync(ICoreV1Operations core, int port, CancellationToken stop)
    {
        const string ns = ApiServiceNamespace;
        var labels = new Dictionary<string, string> { ["component"] = "apiserver", ["provider"] = "kubernetes" };
        var metadata = new V1ObjectMeta { Name = ApiService, Labels = labels };
        var https = new V1ServicePort
        {
            Name = "https",
            Port = 443,
            Protocol = "TCP",
            TargetPort = port,
        };
        var spec = new V1ServiceSpec { Type = "ClusterIP", Ports = [https] };
        await core.CreateNamespacedServiceAsync(
            new V1Service { Metadata = metadata, Spec = spec },
            ns,
            cancellationToken: stop
        );
        var here = new V1EndpointSubset
        {
            Addresses = [new V1EndpointAddress { Ip = "127.0.0.1" }],
            Ports =
            [
                new Corev1EndpointPort
                {
                    Name = "https",
                    Port = port,
                    Protocol = "TCP",
                },
            ],
        };
        await core.CreateNamespacedEndpointsAsync(
            new V1Endpoints
            {
                Metadata = new V1ObjectMeta { Name = ApiService },
                Subsets = [here],
            },
            ns,
            cancellationToken: stop
        );
    }

    private static V1Namespace Namespace(string name)
    {
        var labels = new Dictionary<string, string>
        {
            ["kubernetes.io/metadata.name"] = name,
            [Ownership.Label] = Ownership.Name,
        };
        return new V1Namespace
        {
            Metadata = new V1ObjectMeta { Name = name, Labels = labels },
        };
    }

    private static V1Deployment Deployment(WorkloadSpec workload)
    {
        var (image, probed) =
            workload.Image is PodImage.LoadTest
                ? ("load-test", LoadTestPorts.Control)
                : ("backend", workload.Port ?? 8080);
        var container = new V1Container
        {
            Name = image,
            Image = image,
            Ports = workload.Port is { } port ? [PodTemplates.TcpPort("http", port)] : null,
            ReadinessProbe = new V1Probe
            {
                HttpGet = new V1HTTPGetAction { Path = "/health", Port = probed },
            },
        };
        var placement = new Dictionary<string, string>
        {
            [Scheduler.PlacementAnnotation] = string.Join(',', workload.Nodes),
        };
        return new V1Deployment
        {
            Metadata = new V1ObjectMeta { Name = workload.Name, Labels = workload.Labels.ToDictionary() },
            Spec = new V1DeploymentSpec
            {
                Replicas = workload.Nodes.Length,
                Selector = new V1LabelSelector { MatchLabels = workload.Labels.ToDictionary() },
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = workload.Labels.ToDictionary(), Annotations = placement },
                    Spec = new V1PodSpec { Containers = [container] },
                },
            },
        };
    }

    private static V1CustomResourceDefinition Definition(ResourceKind kind)
    {
        var schema = new V1JSONSchemaProps { Type = "object", XKubernetesPreserveUnknownFields = true };
        var version = new V1CustomResourceDefinitionVersion
        {
            Name = kind.Version,
            Served = true,
            Storage = true,
            Schema = new V1CustomResourceValidation { OpenAPIV3Schema = schema },
        };
        var names = new V1CustomResourceDefinitionNames
        {
            Plural = kind.Plural,
            Kind = kind.Kind,
            ListKind = kind.Kind + "List",
            Singular = kind.Singular,
            ShortNames = [.. kind.ShortNames],
        };
        return new V1CustomResourceDefinition
        {
            Metadata = new V1ObjectMeta { Name = kind.QualifiedPlural },
            Spec = new V1CustomResourceDefinitionSpec
            {
                Group = kind.Group,
                Scope = kind.Namespaced ? "Namespaced" : "Cluster",
                Names = names,
                Versions = [version],
            },
        };
    }

    private static V1Node Node(NodeSpec node, int index, AddressBlocks addresses, DateTime now)
    {
        var labels = new Dictionary<string, string>
        {
            ["kubernetes.io/hostname"] = node.Name,
            ["kubernetes.io/arch"] = Architecture,
            ["kubernetes.io/os"] = "linux",
        };
        if (node.ControlPlane)
            labels["node-role.kubernetes.io/control-plane"] = "";
        if (node.Zone is { } zone)
            labels["topology.kubernetes.io/zone"] = zone;
        var (podCidr, address) = (addresses.PodCidr(index), TcpEndpoint.ToIPAddress(addresses.Node(index)).ToString());
        var noSchedule = new V1Taint { Key = "node-role.kubernetes.io/control-plane", Effect = "NoSchedule" };
        var ready = new V1NodeCondition
        {
            Type = "Ready",
            Status = "True",
            Reason = "KubeletReady",
            LastHeartbeatTime = now,
            LastTransitionTime = now,
        };
        return new V1Node
        {
            Metadata = new V1ObjectMeta { Name = node.Name, Labels = labels },
            Spec = new V1NodeSpec
            {
                ProviderID = $"{EmulatedCluster.ProviderScheme}{node.Name}",
                PodCIDR = podCidr,
                PodCIDRs = [podCidr],
                Taints = node.ControlPlane ? [noSchedule] : null,
            },
            Status = new V1NodeStatus
            {
                Addresses =
                [
                    new V1NodeAddress { Type = "InternalIP", Address = address },
                    new V1NodeAddress { Type = "Hostname", Address = node.Name },
                ],
                Capacity = Capacity(),
                Allocatable = Capacity(),
                Conditions = [ready],
                NodeInfo = NodeInfo(),
            },
        };
    }

    /// <summary>The processor architecture in Go's words, as Kubernetes has it.</summary>
    private static string Architecture =>
        RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            var other => other.ToString().ToLowerInvariant(),
        };

    private static V1NodeSystemInfo NodeInfo() =>
        new()
        {
            KubeletVersion = KubeletVersion,
            KernelVersion = Environment.OSVersion.Version.ToString(),
            OperatingSystem = "linux",
            OsImage = RuntimeInformation.OSDescription,
            Architecture = Architecture,
            ContainerRuntimeVersion = $"process://{Environment.Version}",
            BootID = "",
            KubeProxyVersion = KubeletVersion,
            MachineID = "",
            SystemUUID = "",
        };

    /// <summary>What the machine has, which all nodes share; the scheduler counts Pods alone.</summary>
    private static Dictionary<string, ResourceQuantity> Capacity() =>
        new()
        {
            ["cpu"] = new ResourceQuantity($"{Environment.ProcessorCount}"),
            ["memory"] = new ResourceQuantity($"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 10}Ki"),
            ["pods"] = new ResourceQuantity($"{Scheduler.MaxPodsPerNode}"),
        };

    private static V1Service Service(ServiceSpec service, AddressBlocks addresses)
    {
        var labels = service.Selector.SetItem(Ownership.Label, Ownership.Name).ToDictionary();
        var port = new V1ServicePort
        {
            Name = "http",
            Port = service.Port,
            TargetPort = $"{service.Port}",
            Protocol = "TCP",
        };
        return new V1Service
        {
            Metadata = new V1ObjectMeta { Name = service.Name, Labels = labels },
            Spec = new V1ServiceSpec
            {
                Type = "ClusterIP",
                ClusterIP = TcpEndpoint.ToIPAddress(addresses.NextService()).ToString(),
                Selector = service.Selector.ToDictionary(),
                Ports = [port],
            },
        };
    }
}
