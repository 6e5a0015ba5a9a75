using k8s.Exceptions;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>A kubeconfig cannot be used; the message names the file and says in one line what to do.</summary>
public sealed class KubeconfigException(string message) : KubeConfigException(message);
