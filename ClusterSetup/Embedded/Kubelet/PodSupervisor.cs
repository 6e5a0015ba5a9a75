using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.ServiceDefaults.Pods;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.ClusterSetup.Embedded.Kubelet;

/// <summary>
/// The kubelets of the embedded host: keep one process running for each replica of the topology. A process registers itself as a Pod; when its Pod is deleted it
/// drains and exits, and is started again under a new name. One that keeps failing is started at growing intervals, and its last words are logged.
/// </summary>
internal sealed partial class PodSupervisor(LabTopology topology, Uri apiUrl, string apiToken, string? authorityPem, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(10);

    /// <summary>Runs until cancelled; all processes have ended when it returns.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(topology.Slots().Select(slot => RunAsync(slot, cancellationToken)));

    private async Task RunAsync(PodSlot slot, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(LabProcesses.PodVariables(slot), StringComparer.Ordinal)
        {
            [PodEnvironment.ApiUrl] = apiUrl.ToString(),
            [PodEnvironment.ApiToken] = apiToken,
        };
        if (authorityPem is not null) environment[PodEnvironment.ApiAuthority] = authorityPem;
        var backOff = FirstBackOff;
        while (!cancellationToken.IsCancellationRequested)
        {
            await using var process = DotnetProcess.Start(slot.Workload.Image.ToString(), [], environment, time);
            try
            {
                await process.WaitForExitAsync(cancellationToken);
                if (process.ExitCode == 0)
                {
                    backOff = FirstBackOff;
                    continue;
                }
                Crashed(log, slot.ResourceName, process.ExitCode, string.Join(Environment.NewLine, process.Output.TakeLast(20)));
                await Task.Delay(backOff, time, cancellationToken);
                backOff = backOff * 2 < LongestBackOff ? backOff * 2 : LongestBackOff;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await process.StopAsync();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "pod process {Slot} ended with exit code {ExitCode}:\n{Output}")]
    private static partial void Crashed(ILogger log, string slot, int exitCode, string output);
}
