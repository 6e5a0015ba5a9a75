using CiliumDebugging.Lab.Clusters;
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
    /// <summary>How long a run whose cluster is gone may take to write its report.</summary>
    private static readonly TimeSpan s_breakLimit = TimeSpan.FromSeconds(5);

    /// <summary>Runs until the cluster ends, or to the end of the first order where the lab does not stay up.</summary>
    /// <param name="clusterEnd">
    /// Completes when the cluster has ended; calls what it is given with the reason as soon as that is known.
    /// </param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ResourceEndedException">The cluster has ended.</exception>
    public async Task<ExitCode> RunAsync(
        Func<Action<string>, CancellationToken, Task<ResourceEndedException>> clusterEnd,
        CancellationToken cancellationToken
    )
    {
        await using var keys = lab.StartKeys();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var isEnding = false;
        var ended = clusterEnd(Break, stop.Token);
        var runs = RunOrdersAsync(columns => keys?.Footer(columns) ?? [], stop.Token);
        try
        {
            await Task.WhenAny(runs, ended);
            // Whichever is noticed first: a run without its cluster fails, or is broken off.
            if (Volatile.Read(ref isEnding) || runs.Exception?.InnerException is HttpRequestException or IOException)
                await Task.WhenAny(ended, Task.Delay(LabController.EndNotice, TimeProvider.System, cancellationToken));
            else if (runs.IsCompleted)
                return await runs;
            if (!ended.IsCompleted)
                return await runs;
            var end = await ended;
            lab.Controller.Break(end.Reason);
            await Task.WhenAny(runs, Task.Delay(s_breakLimit, TimeProvider.System, cancellationToken));
            throw end;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(runs, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        void Break(string reason)
        {
            Volatile.Write(ref isEnding, true);
            lab.Controller.Break(reason);
        }
    }

    /// <summary>
    /// A failure of the first run ends the lab; a later one is reported, and the lab waits for the next order.
    /// </summary>
    private async Task<ExitCode> RunOrdersAsync(
        Func<int, IReadOnlyList<string>> footer,
        CancellationToken cancellationToken
    )
    {
        var order = first;
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                var (report, files) = await RunAsync(order, footer, cancellationToken);
                RunFiles.Print(files, lab.Console);
                if (!staysUp || cancellationToken.IsCancellationRequested)
                    return RunFiles.ExitCodeOf(report, files);
            }
            catch (OperationCanceledException) when (isFirst && cancellationToken.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("interrupted before the first answer: there is nothing to report");
                throw;
            }
            catch (Exception e) when (!isFirst && IsFailureOfRun(e))
            {
                lab.Console.WriteLine($"the run failed: {ApiMessages.Of(e)}");
            }
            lab.Console.WriteLine("The lab stays up. Ctrl-C ends it.");
            foreach (var line in footer(lab.Console.Profile.Width))
                lab.Console.WriteLine(line);
            order = await lab.Controller.NextOrderAsync(cancellationToken);
        }
    }

    private Task<(RunReport Report, SavedFiles Files)> RunAsync(
        RunOrder order,
        Func<int, IReadOnlyList<string>> footer,
        CancellationToken cancellationToken
    )
    {
        if (!lab.IsTerminal)
            return lab.Controller.RunAsync(
                order,
                new PlainTerminal(lab.Console) { Verbose = lab.Verbose },
                cancellationToken
            );
        var terminal = new LiveTerminal(lab.Console)
        {
            Footer = footer,
            Page = lab.Page.Link,
            Verbose = lab.Verbose,
        };
        return terminal.RunAsync(() => lab.Controller.RunAsync(order, terminal, cancellationToken));
    }

    private static bool IsFailureOfRun(Exception e) =>
        e is TimeoutException or HttpRequestException or HttpOperationException or InvalidOperationException;
}
