using System.Diagnostics;
using CiliumDebugging.EmbeddedCluster;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// The embedded cluster until it is stopped, as <c>up --embedded</c> and <c>cluster</c> run it: its kubeconfig appears
/// when the cluster's objects exist and is deleted at the end.
///</summary>
internal sealed class EmbeddedRun
{
    /// <summary>Reads the settings; may throw <see cref="FormatException"/>.</summary>
    public required Func<ClusterOptions> Options { get; init; }

    /// <summary>Where the kubeconfig is written.</summary>
    public required Func<TemporaryKubeconfig> Kubeconfig { get; init; }

    /// <summary>Called with the kubeconfig's path when the cluster is ready.</summary>
    public Action<string> OnReady { get; init; } = static _ => { };

    /// <summary>Id of the process whose end stops the cluster; null: none.</summary>
    public int? ExitWith { get; init; }

    /// <param name="interrupt">The signals that end a program.</param>
    /// <returns>0: the process of <see cref="ExitWith"/> ended; 2: bad settings or ports, named on standard error;
    /// 130: interrupted by a signal.
    ///</returns>
    public async Task<int> RunAsync(CancellationToken interrupt)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupt);
        var following = ExitWith is { } pid ? StopWithAsync(pid, stop) : Task.CompletedTask;
        try
        {
            await RunUntilAsync(stop.Token);
            await following;
        }
        catch (Exception e) when (e is ClusterStartException or FormatException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return (int)ExitCode.BadUsage;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while it was starting.
        }
        return (int)(interrupt.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Success);
    }

    private async Task RunUntilAsync(CancellationToken stop)
    {
        // On standard error: standard output is for what the user must know.
        using var loggers = LoggerFactory.Create(logging =>
            logging
                .SetMinimumLevel(LogLevel.Warning)
                .AddSimpleConsole(c => c.SingleLine = true)
                .AddConsole(c => c.LogToStandardErrorThreshold = LogLevel.Trace)
        );
        var options = Options();
        using var telemetry = ClusterTelemetry.Start(options.Topology);
        using var kubeconfig = Kubeconfig();
        await using var cluster = await EmbeddedClusterHost.StartAsync(options, loggers, stop);
        if (cluster.Notice is { } notice)
            Console.WriteLine(notice);
        kubeconfig.Write(cluster);
        OnReady(kubeconfig.Path);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task StopWithAsync(int pid, CancellationTokenSource stop)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            await process.WaitForExitAsync(stop.Token);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended already.
        }
        catch (OperationCanceledException)
        {
            return;
        }
        await stop.CancelAsync();
    }
}
