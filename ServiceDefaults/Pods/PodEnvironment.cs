namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>The environment variables by which a process learns which Pod it is. The first four carry the names the
/// Downward API is given on a real cluster; the others are set by the embedded cluster's kubelet only.</summary>
public static class PodEnvironment
{
    /// <summary>The Pod's name (Downward API <c>metadata.name</c>).</summary>
    public const string PodName = "POD_NAME";

    /// <summary>The Pod's namespace (Downward API <c>metadata.namespace</c>).</summary>
    public const string PodNamespace = "POD_NAMESPACE";

    /// <summary>The name of the Pod's node (Downward API <c>spec.nodeName</c>).</summary>
    public const string NodeName = "NODE_NAME";

    /// <summary>The Pod's address (Downward API <c>status.podIP</c>).</summary>
    public const string PodIp = "POD_IP";

    /// <summary>The Pod's metadata.uid.</summary>
    public const string PodUid = "POD_UID";

    /// <summary>The private loopback address to listen on (<see cref="SandboxContract.BackingAddress"/>). Its presence
    /// says that the embedded cluster's kubelet started the process; it holds the process's standard input open for as
    /// long as it runs.</summary>
    public const string BackingAddress = "POD_BACKING_ADDRESS";

    /// <summary>What is added to every port where it is listened on
    /// (<see cref="SandboxContract.PortOffset"/>).</summary>
    public const string PortOffset = "POD_PORT_OFFSET";

    /// <summary>Container ports as <c>name=number</c> pairs separated by commas, all TCP; the name may be
    /// empty.</summary>
    public const string PodPorts = "POD_PORTS";

    /// <summary>URL of the embedded cluster's Kubernetes API.</summary>
    public const string ApiUrl = "CLUSTER_API_URL";

    /// <summary>Bearer token of the embedded cluster's Kubernetes API. Never logged.</summary>
    public const string ApiToken = "CLUSTER_API_TOKEN";

    /// <summary>The authority that signed the API's certificate, PEM. Absent where the API is plain HTTP.</summary>
    public const string ApiAuthority = "CLUSTER_API_CA";
}
