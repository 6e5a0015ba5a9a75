using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Lab.Running;

/// <summary>Reads the counters of a run: at the edges of its phases, and about once a second.</summary>
internal static class RunSamples
{
    /// <summary>Reads all counters; their moment, s since the attack's epoch, is midway.</summary>
    /// <exception cref="HttpRequestException">A Pod did not answer.</exception>
    public static async Task<(ClusterCounters Counters, double At)> ScrapeAsync(
        ScenarioRun run,
        IEnumerable<BackendPod> pods,
        CancellationToken cancellationToken
    )
    {
        var before = run.Now;
        var counters = await run.Reader.ScrapeAsync(pods, cancellationToken);
        return (counters, (before + run.Now) / 2);
    }

    /// <summary>Reads the backends; null when the API does not answer: nothing is evaluated until it does.</summary>
    public static async Task<ExpectedBackends?> BackendsAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        try
        {
            return await run.Reader.ExpectedAsync(run.ClientPlace, cancellationToken);
        }
        catch (Exception e)
            when (ApiFailures.Is(e) || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>
    /// Samples the counters and shows the current state of the run. Without new counters (no Pod, or one that is being
    /// deleted) it is evaluated with the last ones and the client's records. There is no current phase while no Pod is
    /// ready.
    /// </summary>
    public static async Task TakeAsync(ScenarioRun run, MeasuredPhase? current, CancellationToken cancellationToken)
    {
        var phase = current?.Tally ?? run.Ledger.Phases[^1];
        var sampled = await TrySampleAsync(run, phase, cancellationToken);
        try
        {
            if (run.Listener.WantsProgress)
                run.Listener.OnProgress(
                    RunEvaluator.Progress(
                        run,
                        current,
                        await run.LoadTest.StateAsync(cancellationToken),
                        phase.After ?? phase.Before,
                        run.Now
                    )
                );
            else if (sampled && run.Series.Newest is { } newest)
                run.Listener.OnCounters(newest, phase.Pods, run.ClientNode);
        }
        catch (HttpRequestException)
        {
            // The load-test Pod did not answer; the next sample tries again.
        }
    }

    /// <summary>Adds a sample to the charts; false when the counters could not be read.</summary>
    private static async Task<bool> TrySampleAsync(
        ScenarioRun run,
        PhaseTally phase,
        CancellationToken cancellationToken
    )
    {
        try
        {
            // A scrape takes milliseconds: its beginning is the moment of the sample.
            var at = run.Now;
            var counters = await run.Reader.ScrapeAsync(phase.Pods, cancellationToken);
            if (counters.MissingNodes.IsEmpty)
            {
                run.Series.Add(at, counters, phase.Pods);
                if (double.IsInfinity(phase.End))
                    phase.After = counters;
                return true;
            }
        }
        catch (HttpRequestException)
        {
            // A Pod may be deleted while its counters are read.
        }
        run.Series.Miss();
        return false;
    }
}
