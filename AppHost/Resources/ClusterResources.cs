using CiliumDebugging.AppHost.CommandLine;
using k8s;
using Microsoft.Extensions.DependencyInjection;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>A Kubernetes cluster, known by its API alone.</summary>
internal interface IClusterResource : IResource
{
    /// <summary>Whether the lab started it, and may change all of it.</summary>
    bool IsEmbedded { get; }

    /// <summary>Waits until the cluster can be used.</summary>
    /// <returns>How to reach its API.</returns>
    /// <exception cref="ResourceEndedException">It will never be ready; the message says why.</exception>
    Task<KubernetesClientConfiguration> ReadyAsync(IServiceProvider services, CancellationToken cancellationToken);
}

/// <summary>The embedded cluster: one process, which starts a process for each Pod.</summary>
internal sealed class EmbeddedClusterResource(string name, string command, string workingDirectory)
    : ExecutableResource(name, command, workingDirectory),
        IClusterResource,
        IDisposable
{
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(50);
    private readonly Lazy<DirectoryInfo> _folder = new(() => Directory.CreateTempSubdirectory("cilium-debugging-"));

    public bool IsEmbedded => true;

    /// <summary>
    /// The kubeconfig, in a folder that only this user can read. The cluster writes it when it is ready and deletes it
    /// at its end.
    ///</summary>
    public string Kubeconfig => Path.Combine(_folder.Value.FullName, "kubeconfig");

    public async Task<KubernetesClientConfiguration> ReadyAsync(
        IServiceProvider services,
        CancellationToken cancellationToken
    )
    {
        _ = services.GetRequiredService<EmbeddedClusterResource>(); // from here on the application disposes it
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var end = new ResourceEnd(
            services.GetRequiredService<ResourceNotificationService>(),
            services.GetRequiredService<ResourceLoggerService>()
        );
        var ended = end.OfAsync(this, onEnd: null, done.Token);
        while (!File.Exists(Kubeconfig))
        {
            if (ended.IsCompleted)
                throw await ended;
            await Task.Delay(s_glance, TimeProvider.System, cancellationToken);
        }
        await done.CancelAsync();
        return KubernetesClientConfiguration.BuildConfigFromConfigFile(Kubeconfig);
    }

    /// <summary>Deletes the kubeconfig's folder.</summary>
    public void Dispose()
    {
        try
        {
            if (_folder.IsValueCreated)
                _folder.Value.Delete(recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The cluster deletes its file at the same moment, or it has been deleted already.
        }
    }
}

/// <summary>An existing cluster.</summary>
internal sealed class ExistingClusterResource(string name, ExistingCluster cluster) : Resource(name), IClusterResource
{
    public bool IsEmbedded => false;

    public Task<KubernetesClientConfiguration> ReadyAsync(
        IServiceProvider services,
        CancellationToken cancellationToken
    ) => Task.FromResult(cluster.Read());
}
