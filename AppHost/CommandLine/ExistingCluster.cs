using k8s;
using k8s.Exceptions;

namespace CiliumDebugging.AppHost.CommandLine;

/// <summary>An existing cluster to show.</summary>
/// <param name="Context">Context of the kubeconfig; null: the current one.</param>
/// <param name="Kubeconfig">The kubeconfig; null: $KUBECONFIG, then ~/.kube/config.</param>
/// <param name="Service">The Service whose load is shown; null: the lab's.</param>
public sealed record ExistingCluster(string? Context, string? Kubeconfig, ServiceName? Service)
{
    public string Describe() => Context ?? Kubeconfig ?? "current context";

    /// <summary>The first file of $KUBECONFIG; null where it is not set.</summary>
    private static string? OfEnvironment() =>
        Environment
            .GetEnvironmentVariable("KUBECONFIG")
            ?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault();

    /// <summary>Reads the kubeconfig.</summary>
    /// <exception cref="FormatException">It cannot be used; the message says why and what to do.</exception>
    public KubernetesClientConfiguration Read()
    {
        if (Kubeconfig is not null && !File.Exists(Kubeconfig))
            throw new FormatException($"--kubeconfig {Kubeconfig}: there is no such file");
        try
        {
            return KubernetesClientConfiguration.BuildConfigFromConfigFile(Kubeconfig ?? OfEnvironment(), Context);
        }
        catch (Exception e)
            when (e is KubeConfigException or YamlDotNet.Core.YamlException or IOException or FormatException)
        {
            var option = Context is null ? "--kubeconfig" : $"--context {Context}";
            throw new FormatException($"{option}: {e.Message} (kubectl config get-contexts lists the contexts)", e);
        }
    }
}

public sealed record ServiceName(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}
