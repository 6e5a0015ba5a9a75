using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>The life of a Pod that a kubelet looks after: the kubelet ends the process when the Pod is deleted
/// (SIGTERM), and should the kubelet itself be gone, standard input ends, which it held open.</summary>
internal sealed partial class KubeletLifetime(IHostApplicationLifetime application, ILogger<KubeletLifetime> log)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        KubeletWatch.Start(Stop);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Stop()
    {
        if (application.ApplicationStopping.IsCancellationRequested)
            return;
        KubeletGone(log);
        application.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the kubelet of this pod is gone: stopping")]
    private static partial void KubeletGone(ILogger log);
}
