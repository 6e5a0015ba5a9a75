using System.Runtime.InteropServices;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.ClusterSetup.Embedded.Api;
using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Terminal;
using k8s;
using k8s.Autorest;
using Spectre.Console;

namespace CiliumDebugging.AppHost.Embedded;

/// <summary>
/// The lab on the embedded host: the <c>cluster</c> process, which runs the Pods as child processes, and the scenario in this process, on this terminal.
/// </summary>
internal static class EmbeddedLab
{
    private const int Interrupted = 130;

    /// <summary>Runs the lab; returns the process exit code.</summary>
    public static async Task<int> RunAsync(LabOptions options)
    {
        using var stop = new CancellationTokenSource();
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        try
        {
            return await RunAsync(options, stop.Token);
        }
        catch (Exception e) when (stop.IsCancellationRequested && e is not OutOfMemoryException)
        {
            // Whatever breaks while everything is being stopped is not worth a word.
            return Interrupted;
        }
        catch (Exception e) when (e is ScenarioException or LabUsageException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return (int)RunOutcome.BadUsage;
        }
        catch (HttpOperationException e)
        {
            await Console.Error.WriteLineAsync($"the cluster refused a request: {(int)e.Response.StatusCode} {e.Response.Content}");
            return (int)RunOutcome.LabFailed;
        }
        catch (Exception e) when (e is TimeoutException or HttpRequestException or IOException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync($"the lab failed: {e.Message}");
            return (int)RunOutcome.LabFailed;
        }
    }

    private static async Task<int> RunAsync(LabOptions options, CancellationToken cancellationToken)
    {
        var console = RunTerminal.Open();
        var scenario = options.LoadScenario();
        console.WriteLine($"Embedded host, without the Aspire dashboard: {HostBuild.EmbeddedBecause}");
        await using var cluster = await ClusterProcess.StartAsync(options, cancellationToken);
        if (cluster.Notice is { } notice) console.WriteLine(notice);
        using var api = ApiClient.Create(cluster.ApiUrl, cluster.ApiToken, cluster.AuthorityPem);
        using var kubeconfig = TemporaryKubeconfig.Write(cluster.ApiUrl, cluster.ApiToken, cluster.AuthorityPem);
        console.WriteLine($"export KUBECONFIG={kubeconfig.Path}");
        var runner = new ScenarioRunner(api, TimeProvider.System);
        var backends = options.BackendsOf(scenario);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, cluster.Exited);
        try
        {
            var report = await RunTerminal.RunAsync(console, observer => runner.RunAsync(scenario, backends, observer, either.Token));
            console.WriteLine(RunFiles.Save(report).Line);
            if (console.Profile.Out.IsTerminal && !options.Once)
            {
                console.WriteLine("The lab stays up. Ctrl-C ends it.");
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, either.Token);
            }
            return (int)(report.Holds ? RunOutcome.ExpectationHolds : RunOutcome.ExpectationFails);
        }
        catch (Exception e) when (cluster.Exited.IsCancellationRequested && !cancellationToken.IsCancellationRequested && e is OperationCanceledException or HttpRequestException)
        {
            throw new InvalidOperationException($"the cluster process ended: {cluster.LastWords}");
        }
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }
}

/// <summary>The lab cannot be started as asked; the message says which value, why, and what to do.</summary>
internal sealed class LabUsageException(string message) : Exception(message);
