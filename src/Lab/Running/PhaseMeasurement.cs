using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using k8s;
using k8s.Autorest;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Measures the phases of a run: reads the counters at the beginning and end of each, and takes samples in between. A
/// manual change, or a change of the backends or expected shares, ends a phase early and begins another one. A phase
/// begins and ends when its counters are read, so that client, proxies and backends count the same stretch of time.
/// </summary>
internal sealed class PhaseMeasurement(Kubernetes cluster, StepChanges changes, TimeProvider time)
{
    private static readonly TimeSpan s_sampleInterval = TimeSpan.FromMilliseconds(500),
        s_earlySampleInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Samples are more frequent at first, to show the effect of a change early.</summary>
    private const double EarlySeconds = 2;

    /// <summary>Samples between two reads of the backends, which delay the evaluation by as much.</summary>
    private const int SamplesPerLook = 2;

    /// <summary>Attempts to begin a phase while Pods are created and deleted.</summary>
    private const int MaxAttempts = 20;

    /// <summary>How long to wait for the outcomes of a phase's requests.</summary>
    private static readonly TimeSpan s_outcomeLimit = TimeSpan.FromSeconds(1),
        s_outcomePollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>A phase that needs a number of requests lasts at most this many times its duration.</summary>
    private const int MaxExtension = 6;

    /// <summary>Measures until the phase is over, or the operator stops the run.</summary>
    public async Task MeasureAsync(ScenarioRun run, PhaseStep step, CancellationToken cancellationToken)
    {
        run.Listener.OnPhase(step);
        var unlimited = step.Duration == Timeout.InfiniteTimeSpan;
        var length = unlimited ? "" : Invariant($"{step.Duration.TotalSeconds:0.#} s ");
        run.Listener.OnStep(
            $"{step.Name}: {length}at " + Invariant($"{run.Scenario.Load.RatePerSecond:0.##} requests/s")
        );
        var phase = run.Ledger.Phases[^1];
        if (run.Measured.Count > 0)
            phase = await BeginAsync(run, step.Name, cancellationToken);
        var end = unlimited ? double.PositiveInfinity : phase.Start + step.Duration.TotalSeconds;
        var limit = phase.Start + MaxExtension * step.Duration.TotalSeconds;
        MeasuredPhase objects = await ReadObjectsAsync(run, phase, cancellationToken);
        var sample = 0;
        while ((end > run.Now || (phase.Requests < step.Requests && limit > run.Now)) && !run.Control.StopRequested)
        {
            var left = Math.Max(end - run.Now, 0.001);
            var interval = run.Now < phase.Start + EarlySeconds ? s_earlySampleInterval : s_sampleInterval;
            var change = await run.Control.NextAsync(
                left < interval.TotalSeconds && step.Requests == 0 ? TimeSpan.FromSeconds(left) : interval,
                time,
                cancellationToken
            );
            if (run.Following is { IsCompleted: true } ended)
                await ended; // the load ended by itself: say why
            var next =
                change is not null ? await ChangeManuallyAsync(run, phase, change, cancellationToken)
                : ++sample % SamplesPerLook == 0 ? await FollowBackendsAsync(run, phase, cancellationToken)
                : null;
            if (next is not null)
            {
                phase = next;
                objects = await ReadObjectsAsync(run, phase, cancellationToken);
                continue;
            }
            run.Listener.OnSample(run.Ledger.Sample(run.Now, run.ClientNode));
            if (run.Series.IsDue(run.Now))
                await SampleSeriesAsync(run, objects, cancellationToken);
        }
        if (await ConfirmAsync(run, phase, cancellationToken) is { } different)
        {
            await EndAsync(run, phase, Leave(run, phase, different.Change), cancellationToken);
            return;
        }
        // The last phase ends with the load: no request is under way when its counters are read.
        if (ReferenceEquals(step, run.Scenario.Steps[^1]) || run.Control.StopRequested)
            await run.DrainAsync(cancellationToken);
        await EndAsync(
            run,
            phase,
            run.Drained is null ? null : Math.Max(phase.Start, Math.BitIncrement(run.Ledger.LastStart)),
            cancellationToken
        );
        if (run.Drained is null)
            await SettleAsync(run, phase, cancellationToken);
    }

    /// <summary>
    /// Waits, for a limited time, until every request of the phase has its outcome: the next step must not affect
    /// requests of this phase.
    /// </summary>
    private async Task SettleAsync(ScenarioRun run, PhaseTally phase, CancellationToken cancellationToken)
    {
        var limit = phase.End + s_outcomeLimit.TotalSeconds;
        while (run.Ledger.Settled < phase.End && run.Now < limit)
            await Task.Delay(s_outcomePollInterval, time, cancellationToken);
    }

    /// <summary>Begins a phase. The first one begins with the counters that were read before the load.</summary>
    public static async Task<PhaseTally> BeginAsync(ScenarioRun run, string name, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var backends = await run.Reader.ExpectedAsync(run.ClientPlace, cancellationToken);
                var (before, start) =
                    run.Ledger.Phases.Count == 0
                        ? (run.AtStart, 0)
                        : await ScrapeAsync(run, backends.Pods, cancellationToken);
                var phase = new PhaseTally(name, start, backends, before)
                {
                    Replaced = run.Replaced,
                    ClientNode = run.ClientNode,
                };
                run.Replaced = null;
                run.Ledger.Begin(phase);
                return phase;
            }
            catch (HttpRequestException) when (attempt < MaxAttempts)
            {
                // During a rollout a Pod may be deleted before its counters are read: read the backends again.
                await Task.Delay(s_sampleInterval, run.Time, cancellationToken);
            }
        }
    }

    /// <summary>Ends a phase at a given moment, or (null) when its counters are read.</summary>
    private async Task EndAsync(ScenarioRun run, PhaseTally phase, double? end, CancellationToken cancellationToken)
    {
        var read = run.Now;
        try
        {
            (phase.After, read) = await ScrapeAsync(run, phase.Pods, cancellationToken);
        }
        catch (HttpRequestException) when (end is not null)
        {
            // It ends because one of its Pods was deleted: the last sample has its counters.
            phase.After ??= phase.Before;
        }
        phase.End = end ?? read;
        // After the drain there is no load: a sample would show a drop in the rates.
        if (run.Drained is null)
            run.Series.Add(read, phase.After, phase.Pods);
        run.Add(await ReadObjectsAsync(run, phase, cancellationToken));
    }

    private static async Task<(ClusterCounters Counters, double At)> ScrapeAsync(
        ScenarioRun run,
        IEnumerable<BackendPod> pods,
        CancellationToken cancellationToken
    )
    {
        var before = run.Now;
        var counters = await run.Reader.ScrapeAsync(pods, cancellationToken);
        return (counters, (before + run.Now) / 2);
    }

    /// <summary>Confirms that backends and expected shares are still those of the phase.</summary>
    /// <returns>What is different; null when nothing is, or when the API does not answer.</returns>
    private static async Task<(string Change, ExpectedBackends Now)?> ConfirmAsync(
        ScenarioRun run,
        PhaseTally phase,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var at = run.Now;
            var now = await run.Reader.ExpectedAsync(run.ClientPlace, cancellationToken);
            if (phase.Backends.ChangeTo(now) is { } change)
                return (change, now);
            run.Ledger.Confirm(at);
        }
        catch (Exception e)
            when (e is HttpRequestException or HttpOperationException or IOException
                || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            // Nothing is evaluated until the next read succeeds.
        }
        return null;
    }

    /// <summary>
    /// When backends or shares are different, the phase ends where its own were last confirmed, and the next one
    /// begins. Requests in between belong to neither. Without any backend the phase goes on.
    /// </summary>
    private async Task<PhaseTally?> FollowBackendsAsync(
        ScenarioRun run,
        PhaseTally phase,
        CancellationToken cancellationToken
    )
    {
        if (await ConfirmAsync(run, phase, cancellationToken) is not { } different || different.Now.Pods.IsEmpty)
            return null;
        await EndAsync(run, phase, Leave(run, phase, different.Change), cancellationToken);
        run.Listener.OnStep(different.Change);
        return await BeginAsync(run, $"after {different.Change}", cancellationToken);
    }

    private static double Leave(ScenarioRun run, PhaseTally phase, string change)
    {
        var end = Math.Max(phase.Start, run.Ledger.Confirmed);
        run.Ledger.BackendsChange(change, end);
        return end;
    }

    private async Task<MeasuredPhase> ReadObjectsAsync(
        ScenarioRun run,
        PhaseTally phase,
        CancellationToken cancellationToken
    ) =>
        new(
            phase,
            await run.Reader.PoliciesAsync(run.Client, cancellationToken),
            await ServiceReader.ReadAsync(
                cluster,
                run.Scenario.Load,
                run.ClientNode,
                run.Attack!.EpochUnixSeconds,
                cancellationToken
            )
        );

    /// <summary>Ends a phase, makes a change and begins the next phase. If the change fails, the run goes on.</summary>
    private async Task<PhaseTally> ChangeManuallyAsync(
        ScenarioRun run,
        PhaseTally phase,
        RunController.Change change,
        CancellationToken cancellationToken
    )
    {
        double? left = await ConfirmAsync(run, phase, cancellationToken) is { } different
            ? Leave(run, phase, different.Change)
            : null;
        // The counters are read while the change is made, except those of a Pod that is about to be deleted.
        var ending = EndAsync(run, phase, left, cancellationToken);
        if (change.Step is DeletePodStep)
            await ending;
        Exception? failure = null;
        try
        {
            await changes.TakeAsync(run, change.Step, cancellationToken);
        }
        catch (Exception e)
            when (e is HttpOperationException or HttpRequestException or TimeoutException or InvalidOperationException)
        {
            failure = e;
        }
        await ending;
        var name = run.Ledger.Events is [.., var last] ? $"after {last.Name}" : phase.Name;
        var next = await BeginAsync(run, name, cancellationToken);
        run.Listener.OnStep(name);
        if (failure is null)
            change.Done.TrySetResult();
        else
            change.Done.TrySetException(failure);
        return next;
    }

    /// <summary>
    /// Samples the counters and shows the current state of the run. Without new counters (no Pod, or one that is being
    /// deleted) it is evaluated with the last ones and the client's records.
    /// </summary>
    private static async Task SampleSeriesAsync(
        ScenarioRun run,
        MeasuredPhase current,
        CancellationToken cancellationToken
    )
    {
        var phase = current.Tally;
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
