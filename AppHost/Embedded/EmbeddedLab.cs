using System.Runtime.InteropServices;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.ClusterSetup.Embedded.Api.Access;
using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Steering;
using CiliumDebugging.ClusterSetup.Terminal;
using CiliumDebugging.LoadTest.Page;
using CiliumDebugging.ServiceDefaults;
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
            return await RunAsync(options, stop);
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

    private static async Task<int> RunAsync(LabOptions options, CancellationTokenSource stop)
    {
        var cancellationToken = stop.Token;
        var console = RunTerminal.Open();
        var isTerminal = console.Profile.Out.IsTerminal;
        var scenario = options.LoadScenario();
        console.WriteLine($"Embedded host, without the Aspire dashboard: {HostBuild.EmbeddedBecause}");
        await using var cluster = await ClusterProcess.StartAsync(options, cancellationToken);
        if (cluster.Notice is { } notice) console.WriteLine(notice);
        using var api = ApiClient.Create(cluster.ApiUrl, cluster.ApiToken, cluster.AuthorityPem);
        using var kubeconfig = TemporaryKubeconfig.Write(cluster.ApiUrl, cluster.ApiToken, cluster.AuthorityPem);
        console.WriteLine($"export KUBECONFIG={kubeconfig.Path}");
        await using var session = new LabSession(api, scenario, options.SessionOptions("embedded cluster"), TimeProvider.System);
        await using var page = await PageServer.StartAsync(session.Feed, session, TimeProvider.System, options.PagePort, cancellationToken);
        console.WriteLine($"page         {page.Link}");
        using var telemetry = LabTelemetry.Start(session.Feed, OtlpTarget.FromEnvironment(), TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, cluster.Exited);
        try
        {
            await using var keys = SteeringKeys.Start(session, page.Link, stop, isTerminal);
            var terminal = isTerminal ? new LiveTerminal(console) { Footer = () => keys?.Footer ?? "" } : null;
            Func<string>? staysUp = (isTerminal || options.ByHand) && !options.Once ? () => $"The lab stays up. {keys?.Footer ?? "Ctrl-C ends it."}" : null;
            return (int)await LabOrders.RunAsync(session, new RunOrder(scenario, options.ByHand), order => terminal is null
                ? session.RunAsync(order, new PlainTerminal(console), either.Token) : terminal.RunAsync(() => session.RunAsync(order, terminal, either.Token)), console.WriteLine, staysUp, either.Token);
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
