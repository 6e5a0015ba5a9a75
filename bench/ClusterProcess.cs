using CiliumDebugging.ServiceDefaults.Processes;
using k8s;

namespace CiliumDebugging.Bench;

/// <summary>The <c>cluster</c> command in a process of its own, ready; ended when disposed.</summary>
internal sealed class ClusterProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_readyLimit = TimeSpan.FromSeconds(90),
        s_interval = TimeSpan.FromMilliseconds(50);
    private readonly DotnetProcess _process;

    private ClusterProcess(DotnetProcess process, string kubeconfig) => (_process, Kubeconfig) = (process, kubeconfig);

    /// <summary>Its kubeconfig.</summary>
    public string Kubeconfig { get; }

    /// <summary>A client of it; the caller disposes it.</summary>
    public Kubernetes Connect() => new(KubernetesClientConfiguration.BuildConfigFromConfigFile(Kubeconfig));

    /// <summary>Starts one and waits until it is ready.</summary>
    /// <param name="kubeconfig">Where its kubeconfig is written.</param>
    /// <param name="environment">Its settings.</param>
    /// <param name="time">Time source.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<ClusterProcess> StartAsync(
        string kubeconfig,
        Dictionary<string, string> environment,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        string[] arguments = ["cluster", "--kubeconfig", kubeconfig, "--exit-with", $"{Environment.ProcessId}"];
        var cluster = new ClusterProcess(DotnetProcess.Start("ClusterSetup", arguments, environment, time), kubeconfig);
        try
        {
            var since = time.GetTimestamp();
            while (!File.Exists(kubeconfig))
            {
                if (cluster._process.HasExited || time.GetElapsedTime(since) > s_readyLimit)
                    throw new InvalidOperationException(
                        $"the cluster is not ready: {string.Join('\n', cluster._process.Output)}"
                    );
                await Task.Delay(s_interval, time, cancellationToken);
            }
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
