using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>Parts that all Pods of the lab share. They satisfy the restricted Pod security standard.</summary>
public static class PodParts
{
    /// <summary>The user that .NET's images have for applications (APP_UID).</summary>
    public const long DotnetUser = 1654;

    private const string Scratch = "tmp";

    /// <summary>Labels of a namespace whose Pods must satisfy the restricted standard.</summary>
    public static V1Namespace Namespace(string name) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                Labels = new Dictionary<string, string> { ["pod-security.kubernetes.io/enforce"] = "restricted" },
            },
        };

    /// <summary>A Pod of one container: nobody's user, nothing writable but a scratch folder.</summary>
    public static V1PodSpec Spec(V1Container container, long user = DotnetUser, string? serviceAccount = null)
    {
        container.ImagePullPolicy = "IfNotPresent";
        container.SecurityContext = new V1SecurityContext
        {
            AllowPrivilegeEscalation = false,
            ReadOnlyRootFilesystem = true,
            Capabilities = new V1Capabilities { Drop = ["ALL"] },
        };
        container.VolumeMounts =
        [
            .. container.VolumeMounts ?? [],
            new V1VolumeMount { Name = Scratch, MountPath = "/tmp" },
        ];
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
            Volumes =
            [
                new V1Volume
                {
                    Name = Scratch,
                    EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = new ResourceQuantity("64Mi") },
                },
            ],
        };
    }

    /// <summary>Requests and limits.</summary>
    public static V1ResourceRequirements Resources(string cpu, string memory, string cpuLimit, string memoryLimit) =>
        new()
        {
            Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu), ["memory"] = new(memory) },
            Limits = new Dictionary<string, ResourceQuantity>
            {
                ["cpu"] = new(cpuLimit),
                ["memory"] = new(memoryLimit),
            },
        };

    /// <summary>A variable with a value.</summary>
    public static V1EnvVar Variable(string name, string value) => new() { Name = name, Value = value };

    /// <summary>A variable that the Downward API fills.</summary>
    public static V1EnvVar Field(string name, string path) =>
        new()
        {
            Name = name,
            ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = path } },
        };

    /// <summary>Ready when an HTTP path answers.</summary>
    public static V1Probe Ready(string path, int port) =>
        new()
        {
            PeriodSeconds = 2,
            HttpGet = new V1HTTPGetAction
            {
                Path = path,
                Port = port,
                Scheme = "HTTP",
            },
        };

    /// <summary>A Deployment of one Pod template, whose selector is its labels.</summary>
    public static V1Deployment Deployment(
        string ns,
        string name,
        int replicas,
        Dictionary<string, string> labels,
        V1PodSpec pod
    ) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = ns,
                Labels = new Dictionary<string, string>(labels),
            },
            Spec = new V1DeploymentSpec
            {
                Replicas = replicas,
                Selector = new V1LabelSelector { MatchLabels = labels },
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string>(labels) },
                    Spec = pod,
                },
            },
        };

    /// <summary>A Service inside the cluster.</summary>
    public static V1Service Service(
        string ns,
        string name,
        Dictionary<string, string> selector,
        params (string Name, int Port)[] ports
    ) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = ns,
                Labels = new Dictionary<string, string>(selector),
            },
            Spec = new V1ServiceSpec
            {
                Type = "ClusterIP",
                Selector = selector,
                Ports =
                [
                    .. ports.Select(p => new V1ServicePort
                    {
                        Name = p.Name,
                        Port = p.Port,
                        TargetPort = p.Port,
                        Protocol = "TCP",
                    }),
                ],
            },
        };
}
