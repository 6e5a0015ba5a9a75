using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using k8s.Autorest;
using Spectre.Console;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>Runs what is requested of a lab on its own cluster, one order after the other.</summary>
/// <param name="lab">The lab.</param>
/// <param name="first">The first order.</param>
/// <param name="staysUp">Whether the lab waits for the next order when a run is over.</param>
internal sealed class RunLoop(OpenLab lab, RunOrder first, bool staysUp)
{
    /// <summary>Runs until the cluster ends, or to the end of the first order where the lab does not stay up.</summary>
    /// <param name="clusterEnd">Completes when the cluster has ended, with the reason.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ResourceEndedException">The cluster has ended.</exception>
    public async Task<ExitCode> RunAsync(
        Func<CancellationToken, Task<ResourceEndedException>> clusterEnd,
        CancellationToken cancellationToken
    )
    {
        await using var keys = lab.StartKeys();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = clusterEnd(stop.Token);
        var runs = RunOrdersAsync(() => keys?.Footer, stop.Token);
        try
        {
            if (await Task.WhenAny(runs, ended) == runs)
                return await runs;
            throw await ended;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(runs, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// A failure of the first run ends the lab; a later one is reported, and the lab waits for the next order.
    /// </summary>
    private async Task<ExitCode> RunOrdersAsync(Func<string?> footer, CancellationToken cancellationToken)
    {
        var order = first;
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                var (report, saved) = await RunAsync(order, footer, cancellationToken);
                lab.Console.WriteLine(saved);
                if (!staysUp)
                    return report.Holds ? ExitCode.Success : ExitCode.NotReproduced;
            }
            catch (Exception e) when (!isFirst && IsFailureOfRun(e))
            {
                lab.Console.WriteLine($"the run failed: {e.Message}");
            }
            lab.Console.WriteLine($"The lab stays up. {footer() ?? "Ctrl-C ends it."}");
            order = await lab.Controller.NextOrderAsync(cancellationToken);
        }
    }

    private Task<(RunReport Report, string Saved)> RunAsync(
        RunOrder order,
        Func<string?> footer,
        CancellationToken cancellationToken
    )
    {
        if (!lab.IsTerminal)
            return lab.Controller.RunAsync(order, new PlainTerminal(lab.Console), cancellationToken);
        var terminal = new LiveTerminal(lab.Console) { Footer = () => footer() ?? "" };
        return terminal.RunAsync(() => lab.Controller.RunAsync(order, terminal, cancellationToken));
    }

    private static bool IsFailureOfRun(Exception e) =>
        e is TimeoutException or HttpRequestException or HttpOperationException or InvalidOperationException;
}
