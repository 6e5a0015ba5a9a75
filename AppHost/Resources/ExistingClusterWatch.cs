using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>Watches the Pods of a Service on an existing cluster, and runs the scenarios that are requested.</summary>
/// <param name="api">The cluster.</param>
/// <param name="service">The Service.</param>
/// <param name="lab">The lab.</param>
/// <param name="log">Log of the distribution.</param>
internal sealed partial class ExistingClusterWatch(k8s.Kubernetes api, ServiceName service, OpenLab lab, ILogger log)
{
    private static readonly TimeSpan s_verdictLimit = TimeSpan.FromMinutes(3),
        s_verdictInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Watches until it is cancelled or, with <paramref name="once"/>, to the verdict.</summary>
    /// <exception cref="TimeoutException">With <paramref name="once"/>: no verdict within three minutes.</exception>
    public async Task<ExitCode> RunAsync(bool once, CancellationToken cancellationToken)
    {
        var (controller, feed) = (lab.Controller, lab.Controller.Feed);
        await using var keys = lab.StartKeys();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = new ServiceWatch(
            api,
            ServiceWatch.OptionsFor(service.Namespace, service.Name),
            feed,
            TimeProvider.System,
            () => controller.IsRunning
        );
        var watching = watch.RunAsync(stop.Token);
        var printing = new VerdictLines(feed, lab.Console.WriteLine).RunAsync(stop.Token);
        var runs = RunRequestedAsync(stop.Token);
        try
        {
            var verdict = once ? VerdictAsync(feed, stop.Token) : NeverAsync(stop.Token);
            await await Task.WhenAny(watching, runs, verdict);
            var outcome = await verdict;
            lab.Console.WriteLine(VerdictLines.LineOf(feed.State));
            return outcome;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(watching, printing, runs).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunRequestedAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var order = await lab.Controller.NextOrderAsync(cancellationToken);
            try
            {
                var terminal = new PlainTerminal(lab.Console) { Verbose = lab.Verbose };
                var (_, files) = await lab.Controller.RunAsync(order, terminal, cancellationToken);
                RunFiles.Print(files, lab.Console);
            }
            catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
            {
                var message = RunFailure.Of(e).Message;
                await Console.Error.WriteLineAsync(message);
                LogFailed(log, order.Scenario.Name, message);
            }
        }
    }

    private static async Task<ExitCode> NeverAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return ExitCode.Success;
    }

    private static async Task<ExitCode> VerdictAsync(LiveState feed, CancellationToken cancellationToken)
    {
        using var watching = feed.Watch();
        var since = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(since) < s_verdictLimit)
        {
            if (feed.State.Verdict is { Kind: VerdictKind.Skewed })
                return ExitCode.NotReproduced;
            if (feed.State.Verdict is { Kind: VerdictKind.Even })
                return ExitCode.Success;
            await Task.Delay(s_verdictInterval, TimeProvider.System, cancellationToken);
        }
        throw new TimeoutException(
            $"no verdict within {s_verdictLimit.TotalMinutes:0} min: {feed.State.Situation.Headline}"
        );
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Scenario} failed: {Message}")]
    private static partial void LogFailed(ILogger logger, string scenario, string message);
}
