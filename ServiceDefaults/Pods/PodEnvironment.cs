namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>
/// The environment variables by which a process learns which Pod it is. The first four carry the names the Downward API
/// is given on a real cluster; <see cref="ApiUrl"/> and <see cref="ApiToken"/> exist on the embedded cluster only and make the process register itself.
/// </summary>
public static class PodEnvironment
{
    /// <summary>The Pod's name (Downward API <c>metadata.name</c>). Absent on the embedded cluster: the API server generates it.</summary>
    public const string PodName = "POD_NAME";

    /// <summary>The Pod's namespace (Downward API <c>metadata.namespace</c>).</summary>
    public const string PodNamespace = "POD_NAMESPACE";

    /// <summary>The name of the Pod's node (Downward API <c>spec.nodeName</c>).</summary>
    public const string NodeName = "NODE_NAME";

    /// <summary>The Pod's address (Downward API <c>status.podIP</c>; the embedded cluster's kubelet sets it too).</summary>
    public const string PodIp = "POD_IP";

    /// <summary>The Pod's metadata.uid. Set by the embedded cluster's kubelet.</summary>
    public const string PodUid = "POD_UID";

    /// <summary>
    /// The private loopback address to listen on (<see cref="SandboxContract.BackingAddress"/>). Set by the embedded cluster's kubelet, which looks after the Pod and holds the process's standard input open for as
    /// long as it runs; absent: the process registers its Pod itself.
    /// </summary>
    public const string BackingAddress = "POD_BACKING_ADDRESS";

    /// <summary>What is added to every port where it is listened on (<see cref="SandboxContract.PortOffset"/>). Set by the embedded cluster's kubelet.</summary>
    public const string PortOffset = "POD_PORT_OFFSET";

    /// <summary>Prefix of the generated Pod name, as a ReplicaSet gives it: <c>backend-1-64d7c5984b-</c>. Embedded cluster only.</summary>
    public const string PodGenerateName = "POD_GENERATE_NAME";

    /// <summary>Labels as <c>key=value</c> pairs separated by commas. Embedded cluster only.</summary>
    public const string PodLabels = "POD_LABELS";

    /// <summary>Container ports as <c>name=number</c> pairs separated by commas, all TCP; the name may be empty. Embedded cluster only.</summary>
    public const string PodPorts = "POD_PORTS";

    /// <summary>URL of the embedded cluster's Kubernetes API. Its presence makes the process join the cluster as a Pod.</summary>
    public const string ApiUrl = "CLUSTER_API_URL";

    /// <summary>Bearer token of the embedded cluster's Kubernetes API. Never logged.</summary>
    public const string ApiToken = "CLUSTER_API_TOKEN";

    /// <summary>The authority that signed the API's certificate, PEM. Absent where the API is plain HTTP.</summary>
    public const string ApiAuthority = "CLUSTER_API_CA";
}
