using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
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
        var phase =
            run.Measured.Count == 0 ? run.Ledger.Phases[^1] : await BeginAsync(run, step, step.Name, cancellationToken);
        var start = phase?.Start ?? run.Now;
        var end = unlimited ? double.PositiveInfinity : start + step.Duration.TotalSeconds;
        var limit = start + MaxExtension * step.Duration.TotalSeconds;
        await ReadObjectsAsync(run, phase, cancellationToken);
        var sample = 0;
        while (
            (end > run.Now || ((phase?.Requests ?? 0) < step.Requests && limit > run.Now)) && !run.Control.StopRequested
        )
        {
            var left = Math.Max(end - run.Now, 0.001);
            var interval = run.Now < (phase?.Start ?? 0) + EarlySeconds ? s_earlySampleInterval : s_sampleInterval;
            var change = await run.Control.NextAsync(
                left < interval.TotalSeconds && step.Requests == 0 ? TimeSpan.FromSeconds(left) : interval,
                time,
                cancellationToken
            );
            if (run.Following is { IsCompleted: true } ended)
                await ended; // the load ended by itself: say why
            var before = phase;
            if (change is not null)
                phase = await ChangeManuallyAsync(run, step, phase, change, cancellationToken);
            else if (phase is { End: < double.PositiveInfinity })
                phase = await LeaveAsync(run, phase, cancellationToken);
            else if (++sample % SamplesPerLook == 0)
                phase = await FollowBackendsAsync(run, step, phase, cancellationToken);
            if (!ReferenceEquals(phase, before))
            {
                await ReadObjectsAsync(run, phase, cancellationToken);
                continue;
            }
            run.Listener.OnSample(run.Ledger.Sample(run.Now, run.ClientNode));
            if (run.Series.IsDue(run.Now))
                await RunSamples.TakeAsync(run, run.Current, cancellationToken);
        }
        if (phase is not null && !unlimited && step.Requests == 0 && !run.Control.StopRequested)
            (phase.Machine.Planned, phase.Machine.Lasted) = (step.Duration, TimeSpan.FromSeconds(run.Now - start));
        if (phase is not null && await ConfirmAsync(run, phase, cancellationToken) is { } different)
        {
            await EndAsync(run, phase, Leave(run, different), cancellationToken);
            return;
        }
        // The last phase ends with the load: no request is under way when its counters are read.
        if (ReferenceEquals(step, run.Scenario.Steps[^1]) || run.Control.StopRequested)
            await run.DrainAsync(cancellationToken);
        if (phase is null)
            return;
        await EndAsync(
            run,
            phase,
            run.Drained is null ? null : Math.BitIncrement(run.Ledger.LastStart),
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

    /// <summary>
    /// Begins a phase. The first one begins with the counters that were read before the load; another one where the
    /// phase before it ended, if nothing has changed since.
    /// </summary>
    /// <returns>The phase; null when no Pod is ready.</returns>
    public static async Task<PhaseTally?> BeginAsync(
        ScenarioRun run,
        PhaseStep step,
        string name,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var at = run.Now;
                var backends = await run.Reader.ExpectedAsync(run.ClientPlace, cancellationToken);
                if (backends.Pods.IsEmpty)
                {
                    run.Changing = backends;
                    run.Ledger.NoPod(at, at);
                    return null;
                }
                var (before, start) =
                    run.Ledger.Phases is not [.., var last] ? (run.AtStart, 0)
                    : run.Ledger.IsUnchangedSince(last, backends) ? (last.After!, last.End)
                    : await RunSamples.ScrapeAsync(run, backends.Pods, cancellationToken);
                var phase = new PhaseTally(run.Ledger.NewName(name), start, backends, before)
                {
                    Step = step.Name,
                    Replaced = run.Replaced,
                    Ending = run.Ending,
                    ClientNode = run.ClientNode,
                    Machine = new MachineGate { IsWholeCluster = run.Cluster.IsEmulated },
                };
                (run.Replaced, run.Ending, run.Changing) = (null, null, null);
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
            (phase.After, read) = await RunSamples.ScrapeAsync(run, phase.Pods, cancellationToken);
            phase.EndsWithCounters = end is null && read <= phase.End;
        }
        catch (HttpRequestException) when (end is not null)
        {
            // It ends because one of its Pods was deleted: the last sample has its counters.
            phase.After ??= phase.Before;
        }
        phase.EndAt(end ?? read);
        // After the drain there is no load: a sample would show a drop in the rates.
        if (run.Drained is null)
            run.Series.Add(read, phase.After, phase.Pods);
        // Objects that are read now may be those of the next phase: a change of them is what ends this one.
        run.Add(
            run.Current is { } current && ReferenceEquals(current.Tally, phase)
                ? current with
                {
                    Settled = null,
                }
                : await ReadObjectsOfAsync(run, phase, cancellationToken)
        );
    }

    /// <summary>Confirms that backends and expected shares are still those of the phase.</summary>
    /// <returns>What is different; null when nothing is, or when the API does not answer.</returns>
    private static async Task<(string Change, ExpectedBackends Now)?> ConfirmAsync(
        ScenarioRun run,
        PhaseTally phase,
        CancellationToken cancellationToken
    )
    {
        var at = run.Now;
        if (await RunSamples.BackendsAsync(run, cancellationToken) is not { } now)
            return null;
        if (phase.Backends.ChangeTo(now) is { } change)
            return (change, now);
        run.Ledger.Confirm(at);
        return null;
    }

    /// <summary>
    /// When backends or shares are different, the phase ends where its own were last confirmed. The next one begins
    /// when two looks see the same ready Pods. Requests in between belong to neither.
    /// </summary>
    /// <returns>The phase now; null while the backends are changing or no Pod is ready.</returns>
    private async Task<PhaseTally?> FollowBackendsAsync(
        ScenarioRun run,
        PhaseStep step,
        PhaseTally? phase,
        CancellationToken cancellationToken
    )
    {
        if (phase is null)
            return await FollowChangeAsync(run, step, cancellationToken);
        if (await ConfirmAsync(run, phase, cancellationToken) is not { } different)
            return phase;
        await EndAsync(run, phase, Leave(run, different), cancellationToken);
        run.Changing = different.Now;
        run.Listener.OnStep(different.Change);
        return null;
    }

    /// <summary>
    /// Somebody changed the cluster: the phase ended there, and the next one begins when that is settled.
    /// </summary>
    private async Task<PhaseTally?> LeaveAsync(ScenarioRun run, PhaseTally phase, CancellationToken cancellationToken)
    {
        await EndAsync(run, phase, phase.End, cancellationToken);
        run.Changing = phase.Backends;
        run.Listener.OnStep(run.Ledger.Events[^1].Name);
        return null;
    }

    private static async Task<PhaseTally?> FollowChangeAsync(
        ScenarioRun run,
        PhaseStep step,
        CancellationToken cancellationToken
    )
    {
        var at = run.Now;
        if (await RunSamples.BackendsAsync(run, cancellationToken) is not { } now)
            return null;
        var change = run.Changing?.ChangeTo(now);
        run.Changing = now;
        // It happened at any moment since the last look, and what was expected then is expected no longer.
        var since = Math.Max(run.Ledger.Confirmed, run.Ledger.Phases[^1].End);
        if (now.Pods.IsEmpty)
        {
            run.Ledger.NoPod(since, at);
        }
        else
        {
            run.Ledger.PodsAreBack(at);
            if (change is null)
                return await BeginAsync(run, step, AfterLastEvent(run, step), cancellationToken);
            run.Ledger.BackendsChange(change, since);
        }
        run.Ledger.Confirm(at);
        return null;
    }

    private static string AfterLastEvent(ScenarioRun run, PhaseStep step) =>
        run.Ledger.Events is [.., var last] ? $"after {last.Name}" : step.Name;

    /// <summary>The phase ends where its backends were last confirmed.</summary>
    private static double Leave(ScenarioRun run, (string Change, ExpectedBackends Now) different)
    {
        var end = run.Ledger.Confirmed;
        if (different.Now.Pods.IsEmpty)
            run.Ledger.NoPod(end, run.Now);
        else
            run.Ledger.BackendsChange(different.Change, end);
        return end;
    }

    private async Task ReadObjectsAsync(ScenarioRun run, PhaseTally? phase, CancellationToken cancellationToken) =>
        run.Current = phase is null ? null : await ReadObjectsOfAsync(run, phase, cancellationToken);

    private async Task<MeasuredPhase> ReadObjectsOfAsync(
        ScenarioRun run,
        PhaseTally phase,
        CancellationToken cancellationToken
    ) =>
        new(
            phase,
            await run.Reader.PoliciesAsync(run.Client, run.Release, cancellationToken),
            await ServiceReader.ReadAsync(
                cluster,
                run.Scenario.Load,
                run.ClientNode,
                run.Attack!.EpochUnixSeconds,
                cancellationToken
            )
        );

    /// <summary>Ends a phase, makes a change and begins the next phase. If the change fails, the run goes on.</summary>
    private async Task<PhaseTally?> ChangeManuallyAsync(
        ScenarioRun run,
        PhaseStep step,
        PhaseTally? phase,
        RunController.Change change,
        CancellationToken cancellationToken
    )
    {
        double? left =
            phase is not null && await ConfirmAsync(run, phase, cancellationToken) is { } different
                ? Leave(run, different)
                : null;
        // The counters are read while the change is made, except those of a Pod that is about to be deleted.
        var ending = phase is null ? Task.CompletedTask : EndAsync(run, phase, left, cancellationToken);
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
        var name = AfterLastEvent(run, step);
        var next = await BeginAsync(run, step, name, cancellationToken);
        run.Listener.OnStep(name);
        if (failure is null)
            change.Done.TrySetResult();
        else
            change.Done.TrySetException(failure);
        return next;
    }
}
