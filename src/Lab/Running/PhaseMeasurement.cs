using System.Globalization;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Measures the phases of a run: counts at their beginning and end, samples while they last, and what ends one and begins the next before its time: a change by hand, or other backends or expected shares, by whomever.
/// A phase begins and ends when its counters are read, so that client, proxies and backends count the same stretch of time.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="changes">Makes the changes.</param>
/// <param name="time">Time source.</param>
internal sealed class PhaseMeasurement(Kubernetes cluster, StepChanges changes, TimeProvider time)
{
    private static readonly TimeSpan s_sampleInterval = TimeSpan.FromMilliseconds(500),
        s_earlySampleInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>A phase is early for so many seconds: what the change before it did is seen as soon as there is enough of it.</summary>
    private const double EarlySeconds = 2;

    /// <summary>Samples from one look at the backends to the next: requests are judged that much later, and two more questions a second would cost more than they tell.</summary>
    private const int SamplesPerLook = 2;

    /// <summary>Attempts to begin a phase while Pods come and go.</summary>
    private const int MaxAttempts = 20;

    /// <summary>How long a phase's requests are waited for, and how often they are looked at.</summary>
    private static readonly TimeSpan s_outcomeLimit = TimeSpan.FromSeconds(1),
        s_outcomePollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>A phase that waits for a number of requests lasts this many times its duration at most.</summary>
    private const int MaxExtension = 6;

    /// <summary>Measures until the phase's time is over, or the operator stops the run.</summary>
    public async Task MeasureAsync(ScenarioRun run, PhaseStep step, CancellationToken cancellationToken)
    {
        run.Listener.OnPhase(step);
        var unlimited = step.Duration == Timeout.InfiniteTimeSpan;
        run.Listener.OnStep(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{step.Name}: {(unlimited ? "" : $"{step.Duration.TotalSeconds:0.#} s ")}at {run.Scenario.Load.RatePerSecond:0.##} requests/s"
            )
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
        // The last phase ends with the load, so that its counts are not those of requests under way.
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
    /// Waits until every request of the phase has its outcome, so that the step after it meets none of them under way: on a machine without time to spare an answer may take long. Those that never end are not waited for.
    /// </summary>
    private async Task SettleAsync(ScenarioRun run, PhaseTally phase, CancellationToken cancellationToken)
    {
        var limit = phase.End + s_outcomeLimit.TotalSeconds;
        while (run.Ledger.Settled < phase.End && run.Now < limit)
            await Task.Delay(s_outcomePollInterval, time, cancellationToken);
    }

    /// <summary>Begins a phase: the counts it starts with are those of the run's beginning for the first, and those of now for every other.</summary>
    /// <param name="run">The run.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Gives it up.</param>
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
                // A Pod of a rollout may be gone again before it was asked: see who is there in a moment.
                await Task.Delay(s_sampleInterval, run.Time, cancellationToken);
            }
        }
    }

    /// <param name="run">The run.</param>
    /// <param name="phase">The phase.</param>
    /// <param name="end">Its end; null: when its counters are read.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    private async Task EndAsync(ScenarioRun run, PhaseTally phase, double? end, CancellationToken cancellationToken)
    {
        var read = run.Now;
        try
        {
            (phase.After, read) = await ScrapeAsync(run, phase.Pods, cancellationToken);
        }
        catch (HttpRequestException) when (end is not null)
        {
            // One of its Pods is gone, which is why it ends: what the last sample counted stands.
            phase.After ??= phase.Before;
        }
        phase.End = end ?? read;
        // After the drain there is no load any more: such a sample would show a fall that is none.
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

    /// <summary>Looks whether backends and expected shares are still those of the phase: what started before now can be judged then.</summary>
    /// <returns>What is different; null when nothing is, or when that cannot be told now.</returns>
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
            // The next look tells; nothing is judged until then.
        }
        return null;
    }

    /// <summary>Other backends or shares: the phase ends where its own were last seen, what started since belongs to nothing, and the next phase begins. Without any backend it waits for one.</summary>
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
            await run.Reader.HttpRulesAsync(run.Client, cancellationToken),
            await ServiceReader.ReadAsync(
                cluster,
                run.Scenario.Load,
                run.ClientNode,
                run.Attack!.EpochUnixSeconds,
                cancellationToken
            )
        );

    /// <summary>Ends a phase, makes the change and begins the next phase. A change that fails is its asker's trouble: the run goes on.</summary>
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
        // The counts are taken while the change is on its way: whoever asked for it waits for nothing. Only a Pod that is to go must be asked before.
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

    /// <summary>Samples the counters and shows the run as it stands. Without counters (no Pod is there, or one is going while it is asked) it is judged by the last ones: what the client sees goes on.</summary>
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
            // The load test does not say how it stands right now: the next time it does.
        }
    }

    /// <summary>Adds a sample to the charts, which do without one that cannot be had; the counts of a phase do not come from here.</summary>
    private static async Task<bool> TrySampleAsync(
        ScenarioRun run,
        PhaseTally phase,
        CancellationToken cancellationToken
    )
    {
        try
        {
            // The moment of a sample is that of its scrape's middle, near enough: its beginning and end are milliseconds apart.
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
            // A Pod may be going while it is asked.
        }
        run.Series.Miss();
        return false;
    }
}
