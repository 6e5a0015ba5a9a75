using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>Common parts of the lab's objects. Its Pods satisfy the restricted Pod security standard.</summary>
public static class PodParts
{
    /// <summary>The user of .NET's images for applications (APP_UID).</summary>
    public const long DotnetUser = 1654;

    private const string Scratch = "tmp",
        Config = "config";

    /// <summary>A namespace that enforces the restricted standard.</summary>
    public static V1Namespace Namespace(string name)
    {
        var labels = new Dictionary<string, string> { ["pod-security.kubernetes.io/enforce"] = "restricted" };
        return new V1Namespace
        {
            Metadata = new V1ObjectMeta { Name = name, Labels = labels },
        };
    }

    /// <summary>Name and namespace (null: none) of an object, with a copy of its labels.</summary>
    public static V1ObjectMeta Meta(string? ns, string name, Dictionary<string, string>? labels = null) =>
        new()
        {
            Name = name,
            NamespaceProperty = ns,
            Labels = labels is null ? null : new Dictionary<string, string>(labels),
        };

    /// <summary>A Pod of one container, not run as root; only a scratch folder is writable.</summary>
    public static V1PodSpec Spec(V1Container container, long user = DotnetUser, string? serviceAccount = null)
    {
        container.ImagePullPolicy = "IfNotPresent";
        container.SecurityContext = new V1SecurityContext
        {
            AllowPrivilegeEscalation = false,
            ReadOnlyRootFilesystem = true,
            Capabilities = new V1Capabilities { Drop = ["ALL"] },
        };
        var scratch = new V1VolumeMount { Name = Scratch, MountPath = "/tmp" };
        container.VolumeMounts = [.. container.VolumeMounts ?? [], scratch];
        return new V1PodSpec
        {
            AutomountServiceAccountToken = serviceAccount is not null,
            ServiceAccountName = serviceAccount,
            SecurityContext = new V1PodSecurityContext
            {
                RunAsNonRoot = true,
                RunAsUser = user,
                RunAsGroup = user,
                FsGroup = user,
                SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
            },
            Containers = [container],
            Volumes = [EmptyVolume(Scratch, "64Mi")],
        };
    }

    /// <summary>A writable volume that ends with the Pod.</summary>
    public static V1Volume EmptyVolume(string name, string sizeLimit) =>
        new()
        {
            Name = name,
            EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = new ResourceQuantity(sizeLimit) },
        };

    /// <summary>A volume of a ConfigMap; see <see cref="ConfigMount"/>.</summary>
    public static V1Volume ConfigVolume(string configMap) =>
        new()
        {
            Name = Config,
            ConfigMap = new V1ConfigMapVolumeSource { Name = configMap },
        };

    /// <summary>Mounts <see cref="ConfigVolume"/>, or one file of it.</summary>
    public static V1VolumeMount ConfigMount(string path, string? key = null) =>
        new()
        {
            Name = Config,
            SubPath = key,
            MountPath = path,
            ReadOnlyProperty = true,
        };

    /// <summary>Requests and limits.</summary>
    public static V1ResourceRequirements Resources(string cpu, string memory, string cpuLimit, string memoryLimit)
    {
        static Dictionary<string, ResourceQuantity> Of(string cpu, string memory) =>
            new() { ["cpu"] = new(cpu), ["memory"] = new(memory) };
        return new V1ResourceRequirements { Requests = Of(cpu, memory), Limits = Of(cpuLimit, memoryLimit) };
    }

    /// <summary>A variable with a value.</summary>
    public static V1EnvVar Variable(string name, string value) => new() { Name = name, Value = value };

    /// <summary>A variable from the Downward API.</summary>
    public static V1EnvVar Field(string name, string path)
    {
        var source = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = path } };
        return new V1EnvVar { Name = name, ValueFrom = source };
    }

    /// <summary>A TCP port of a container.</summary>
    public static V1ContainerPort Port(string name, int port) =>
        new()
        {
            Name = name,
            ContainerPort = port,
            Protocol = "TCP",
        };

    /// <summary>Ready when an HTTP path answers.</summary>
    public static V1Probe Ready(string path, int port)
    {
        var get = new V1HTTPGetAction
        {
            Path = path,
            Port = port,
            Scheme = "HTTP",
        };
        return new V1Probe { PeriodSeconds = 2, HttpGet = get };
    }

    /// <summary>A Deployment whose selector is its labels.</summary>
    public static V1Deployment Deployment(
        string ns,
        string name,
        int replicas,
        Dictionary<string, string> labels,
        V1PodSpec pod
    ) =>
        new()
        {
            Metadata = Meta(ns, name, labels),
            Spec = new V1DeploymentSpec
            {
                Replicas = replicas,
                Selector = new V1LabelSelector { MatchLabels = labels },
                Template = Template(labels, pod),
            },
        };

    /// <summary>A Pod template.</summary>
    public static V1PodTemplateSpec Template(Dictionary<string, string> labels, V1PodSpec pod) =>
        new()
        {
            Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string>(labels) },
            Spec = pod,
        };

    /// <summary>A Service inside the cluster.</summary>
    public static V1Service Service(
        string ns,
        string name,
        Dictionary<string, string> selector,
        params (string Name, int Port)[] ports
    )
    {
        static V1ServicePort PortOf((string Name, int Port) port) =>
            new()
            {
                Name = port.Name,
                Port = port.Port,
                TargetPort = port.Port,
                Protocol = "TCP",
            };
        return new V1Service
        {
            Metadata = Meta(ns, name, selector),
            Spec = new V1ServiceSpec
            {
                Type = "ClusterIP",
                Selector = selector,
                Ports = [.. ports.Select(PortOf)],
            },
        };
    }
}
