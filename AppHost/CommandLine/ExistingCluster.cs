using CiliumDebugging.Lab.Clusters;
using k8s;

namespace CiliumDebugging.AppHost.CommandLine;

/// <summary>An existing cluster to show.</summary>
/// <param name="Context">Context of the kubeconfig; null: the current one.</param>
/// <param name="Kubeconfig">The kubeconfig; null: $KUBECONFIG, then ~/.kube/config.</param>
/// <param name="Service">The Service whose load is shown; null: the lab's.</param>
public sealed record ExistingCluster(string? Context, string? Kubeconfig, ServiceName? Service)
{
    public string Describe() => Context ?? Kubeconfig ?? "current context";

    /// <summary>Reads the kubeconfig.</summary>
    /// <exception cref="FormatException">It cannot be used; the message says why and what to do.</exception>
    public KubernetesClientConfiguration Read()
    {
        try
        {
            return Lab.Clusters.Kubeconfig.Read(Kubeconfig, Context);
        }
        catch (KubeconfigException e)
        {
            throw new FormatException(e.Message, e);
        }
    }
}

public sealed record ServiceName(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}
