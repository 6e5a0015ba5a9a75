using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>
/// The life of a Pod that a kubelet looks after: the kubelet ends the process when the Pod is deleted (SIGTERM), and should the kubelet itself be gone, standard input ends, which it held open.
/// </summary>
internal sealed partial class KubeletLifetime(IHostApplicationLifetime application, ILogger<KubeletLifetime> log) : IHostedService
{
    /// <summary>Reading standard input blocks and cannot be cancelled: a thread of its own, so that the pool keeps its threads, and in the background, so that it holds nothing up.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        new Thread(ReadToEnd, maxStackSize: 256 * 1024) { IsBackground = true, Name = "kubelet" }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void ReadToEnd()
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (input.Read(buffer) > 0)
        {
            // A kubelet says nothing.
        }
        if (application.ApplicationStopping.IsCancellationRequested) return;
        KubeletGone(log);
        application.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the kubelet of this pod is gone: stopping")]
    private static partial void KubeletGone(ILogger log);
}
