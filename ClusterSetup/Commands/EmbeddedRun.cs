using System.Runtime.InteropServices;
using CiliumDebugging.ClusterSetup.Embedded;
using CiliumDebugging.ClusterSetup.Scenarios;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// The embedded cluster until it is stopped, as <c>up --embedded</c> and <c>cluster</c> run it: its kubeconfig appears
/// when the cluster's objects exist and is deleted at the end.
/// </summary>
internal sealed class EmbeddedRun
{
    /// <summary>Reads the settings; may throw <see cref="FormatException"/>.</summary>
    public required Func<ClusterOptions> Options { get; init; }

    /// <summary>Says where the kubeconfig is written.</summary>
    public required Func<TemporaryKubeconfig> Kubeconfig { get; init; }

    /// <summary>Called with the kubeconfig's path when the cluster is ready.</summary>
    public Action<string> OnReady { get; init; } = static _ => { };

    /// <summary>Whether the end of standard input stops the cluster. Default false.</summary>
    public bool ExitWithStdin { get; init; }

    /// <summary>Runs it.</summary>
    /// <param name="interrupt">SIGINT and SIGTERM.</param>
    /// <returns>
    /// 0: standard input ended; 2: bad settings or ports, with words on standard error; 130: interrupted by a signal.
    /// </returns>
    public async Task<int> RunAsync(CancellationToken interrupt)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupt);
        var hungUp = false;
        // System.CommandLine handles SIGINT and SIGTERM; a closed terminal window or ssh session sends SIGHUP.
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = hungUp = true;
            stop.Cancel();
        });
        if (ExitWithStdin) _ = Task.Run(() => StopAtEndOfInputAsync(stop), CancellationToken.None);
        try
        {
            await RunUntilAsync(stop.Token);
        }
        catch (Exception e) when (e is ClusterStartException or FormatException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return (int)RunOutcome.BadUsage;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while it was starting.
        }
        return interrupt.IsCancellationRequested || hungUp ? KindRun.Interrupted : 0;
    }

    private async Task RunUntilAsync(CancellationToken stop)
    {
        using var loggers = LoggerFactory.Create(
            logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(c => c.SingleLine = true));
        var options = Options();
        using var telemetry = ClusterTelemetry.Start(options.Topology);
        using var kubeconfig = Kubeconfig();
        await using var cluster = await EmbeddedCluster.StartAsync(options, loggers, stop);
        if (cluster.Notice is { } notice) Console.WriteLine(notice);
        kubeconfig.Write(cluster);
        OnReady(kubeconfig.Path);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task StopAtEndOfInputAsync(CancellationTokenSource stop)
    {
        var buffer = new byte[256];
        await using var input = Console.OpenStandardInput();
        while (await input.ReadAsync(buffer, CancellationToken.None) > 0)
        {
        }
        try
        {
            await stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // A signal came first.
        }
    }
}
