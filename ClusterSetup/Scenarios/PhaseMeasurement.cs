using System.Globalization;
using CiliumDebugging.ClusterSetup.Scenarios.Measuring;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.ClusterSetup.Scenarios;

/// <summary>Measures the phases of a run: counts at their beginning and end, samples while they last, and the changes by hand that end one and begin the next.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="changes">Makes the changes.</param>
/// <param name="time">Time source.</param>
internal sealed class PhaseMeasurement(Kubernetes cluster, StepChanges changes, TimeProvider time)
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>A phase that waits for a number of requests lasts this many times its duration at most.</summary>
    private const int MostExtension = 6;

    /// <summary>Measures until the phase's time is over, or the operator stops the run.</summary>
    public async Task MeasureAsync(ScenarioRun run, PhaseStep step, CancellationToken cancellationToken)
    {
        var unlimited = step.Duration == Timeout.InfiniteTimeSpan;
        run.Observer.OnStep(string.Create(CultureInfo.InvariantCulture, $"{step.Name}: {(unlimited ? "" : $"{step.Duration.TotalSeconds:0.#} s ")}at {run.Scenario.Load.RatePerSecond:0.##} requests/s"));
        var phase = run.Book.Phases[^1];
        if (run.Judged.Count > 0) phase = await BeginAsync(run, step.Name, run.Now, cancellationToken);
        var end = unlimited ? double.PositiveInfinity : phase.Start + step.Duration.TotalSeconds;
        var limit = phase.Start + MostExtension * step.Duration.TotalSeconds;
        var planned = step.Requests > 0 ? double.PositiveInfinity : end;
        phase.End = planned;
        var objects = await ReadObjectsAsync(run, phase, cancellationToken);
        while ((end > run.Now || (phase.Requests < step.Requests && limit > run.Now)) && !run.Control.StopRequested)
        {
            var left = Math.Max(end - run.Now, 0.001);
            var change = await run.Control.NextAsync(left < SampleInterval.TotalSeconds && step.Requests == 0 ? TimeSpan.FromSeconds(left) : SampleInterval, time, cancellationToken);
            if (run.Following is { IsCompleted: true } ended) await ended; // the load ended by itself: say why
            if (change is not null)
            {
                phase = await ChangeByHandAsync(run, phase, change, cancellationToken);
                phase.End = planned;
                objects = await ReadObjectsAsync(run, phase, cancellationToken);
                continue;
            }
            run.Observer.OnSample(run.Book.Sample(run.Now, run.ClientNode));
            if (run.Series.IsDue(run.Now)) await SampleSeriesAsync(run, objects, cancellationToken);
        }
        phase.End = step.Requests > 0 ? run.Now : Math.Min(end, run.Now);
        // The last phase ends with the load, so that its counts are not those of requests under way.
        if (ReferenceEquals(step, run.Scenario.Steps[^1]) || run.Control.StopRequested) await run.DrainAsync(cancellationToken);
        await EndAsync(run, phase, cancellationToken);
    }

    /// <summary>Begins a phase: the counts it starts with are those of the run's beginning for the first, and those of now for every other.</summary>
    /// <param name="run">The run.</param>
    /// <param name="name">Its name.</param>
    /// <param name="start">When it began, s since the attack's epoch.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public static async Task<PhaseTally> BeginAsync(ScenarioRun run, string name, double start, CancellationToken cancellationToken)
    {
        var pods = await run.View.BackendsAsync(cancellationToken);
        var before = run.Book.Phases.Count == 0 ? run.AtStart : await run.View.ScrapeAsync(pods, cancellationToken);
        var phase = new PhaseTally(name, start, pods, before) { Replaced = run.Replaced, ClientNode = run.ClientNode };
        run.Replaced = null;
        run.Book.Begin(phase);
        return phase;
    }

    private async Task EndAsync(ScenarioRun run, PhaseTally phase, CancellationToken cancellationToken)
    {
        phase.After = await run.View.ScrapeAsync(phase.Pods, cancellationToken);
        // After the drain there is no load any more: such a sample would show a fall that is none.
        if (run.Drained is null) run.Series.Add(run.Now, phase.After, phase.Pods);
        run.Add(await ReadObjectsAsync(run, phase, cancellationToken));
    }

    private async Task<JudgedPhase> ReadObjectsAsync(ScenarioRun run, PhaseTally phase, CancellationToken cancellationToken) => new(
        phase, await run.View.HttpRulesAsync(run.Client, cancellationToken),
        await ServiceView.ReadAsync(cluster, run.Scenario.Load, run.ClientNode, run.Attack!.EpochUnixSeconds, cancellationToken));

    /// <summary>Ends a phase, makes the change and begins the next phase. A change that fails is its asker's trouble: the run goes on.</summary>
    private async Task<PhaseTally> ChangeByHandAsync(ScenarioRun run, PhaseTally phase, RunControl.Change change, CancellationToken cancellationToken)
    {
        phase.End = run.Now;
        await EndAsync(run, phase, cancellationToken);
        Exception? failure = null;
        try
        {
            await changes.TakeAsync(run, change.Step, cancellationToken);
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException or TimeoutException or InvalidOperationException)
        {
            failure = e;
        }
        var name = run.Book.Events is [.., var last] ? $"after {last.Name}" : phase.Name;
        var next = await BeginAsync(run, name, run.Now, cancellationToken);
        run.Observer.OnStep(name);
        if (failure is null) change.Done.TrySetResult();
        else change.Done.TrySetException(failure);
        return next;
    }

    private static async Task SampleSeriesAsync(ScenarioRun run, JudgedPhase current, CancellationToken cancellationToken)
    {
        try
        {
            // The moment of a sample is that of its scrape's middle, near enough: its beginning and end are milliseconds apart.
            var (at, phase) = (run.Now, current.Tally);
            var counters = await run.View.ScrapeAsync(phase.Pods, cancellationToken);
            if (!counters.MissingNodes.IsEmpty)
            {
                run.Series.Miss();
                return;
            }
            run.Series.Add(at, counters, phase.Pods);
            phase.After = counters;
            run.Observer.OnProgress(RunJudge.Progress(run, current, await run.LoadTest.StateAsync(cancellationToken), counters, run.Now));
        }
        catch (HttpRequestException)
        {
            // A Pod may be going while it is asked. The charts do without this sample; the counts of a phase do not come from here.
            run.Series.Miss();
        }
    }
}
