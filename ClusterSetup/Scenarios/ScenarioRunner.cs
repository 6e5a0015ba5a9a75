using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using CiliumDebugging.ClusterSetup.Scenarios.Measuring;
using CiliumDebugging.LoadTest.Diagnosis;
using CiliumDebugging.LoadTest.Pod;
using CiliumDebugging.LoadTest.Report;
using CiliumDebugging.LoadTest.Report.Series;
using CiliumDebugging.LoadTest.Views;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Scenarios;

/// <summary>
/// Runs a scenario on a cluster, which it knows only by its Kubernetes API:
/// <list type="number">
/// <item>waits until the Pods are ready;</item>
/// <item>starts the load once the steps before the first phase are done, and follows its records;</item>
/// <item>takes the steps;</item>
/// <item>drains the load and takes the last counts;</item>
/// <item>judges, diagnoses, reconciles and holds the result against the expectation.</item>
/// </list>
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="time">Time source.</param>
public sealed class ScenarioRunner(Kubernetes cluster, TimeProvider time)
{
    private readonly ClusterChanges _changes = new(cluster);
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long an applied change may take to reach every node before the next phase begins.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(500);

    /// <summary>A phase that waits for a number of requests lasts this many times its duration at most.</summary>
    private const int MostExtension = 6;

    /// <summary>How often the endpoints are looked at while a Pod is being replaced: the gap is measured to half of this.</summary>
    private static readonly TimeSpan EndpointPollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="backends">Number of Pods behind the Service to wait for.</param>
    /// <param name="observer">Follows the run.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="control">The operator's hand; null: nobody steers.</param>
    /// <exception cref="TimeoutException">The Pods are not ready in time.</exception>
    /// <exception cref="HttpRequestException">The cluster cannot be reached, or refuses what was asked; the message has its answer.</exception>
    public async Task<RunReport> RunAsync(Scenario scenario, int backends, IRunObserver observer, CancellationToken cancellationToken, RunControl? control = null)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(observer);
        var view = new ClusterView(cluster, scenario.Load);
        // 1. ready
        observer.OnStep($"waiting for {backends} backends and the load test");
        var client = await view.WaitUntilReadyAsync(backends, ReadyLimit, time, cancellationToken);
        using var unsteered = new RunControl();
        var run = new ScenarioRun(
            scenario, view, client, new LoadTestClient(view.Proxy, client.Namespace(), client.Name()), observer, new RunBook(IPAddress.Parse(client.Status.PodIP)), control ?? unsteered);
        try
        {
            // 2. and 3. load and steps
            foreach (var step in scenario.Steps.TakeWhile(_ => !run.Control.StopRequested || run.Judged.Count == 0))
            {
                if (step is PhaseStep && run.Attack is null) await StartLoadAsync(run, cancellationToken);
                await TakeAsync(run, step, cancellationToken);
            }
            run.Control.Close();
            // 4. drain
            var attack = await DrainAsync(run, cancellationToken);
            var last = await view.ScrapeAsync(run.Book.Phases[^1].Pods, cancellationToken);
            run.Book.Phases[^1].After = last;
            // 5. judge
            await ReadSettingsAsync(run, cancellationToken);
            var report = RunJudge.Final(run, attack, last);
            observer.OnReport(report);
            return report;
        }
        finally
        {
            run.Control.Close();
            // A run that broke must not leave its load behind; one that was cancelled ends with its cluster.
            if (run is { Attack: not null, Drained: null } && !cancellationToken.IsCancellationRequested) await AbandonAsync(run);
        }
    }

    private async Task AbandonAsync(ScenarioRun run)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), time);
        try
        {
            await run.LoadTest.StopAsync(limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // Why the run broke is said by the exception that is under way.
        }
    }

    private double Now(ScenarioRun run) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds - (run.Attack?.EpochUnixSeconds ?? 0);

    private static async Task StartLoadAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        run.AtStart = await run.View.ScrapeAsync(await run.View.BackendsAsync(cancellationToken), cancellationToken);
        var load = run.Scenario.Load;
        run.Attack = await run.LoadTest.StartAsync(new AttackOrder(load.Url, load.RatePerSecond, load.Method, load.Body, Ports: load.Ports, KeepAliveConnections: load.Connections, MaxInFlight: load.InFlight), cancellationToken);
        var first = await PhaseAsync(run, run.Scenario.Steps.OfType<PhaseStep>().First().Name, 0, cancellationToken);
        run.Book.Begin(first);
        run.Series.Add(0, run.AtStart, first.Pods);
        run.Following = run.LoadTest.FollowAsync(run.Book.Add, cancellationToken);
        await ReadSettingsAsync(run, cancellationToken);
    }

    private static async Task ReadSettingsAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        run.Settings = await run.View.SettingsAsync(cancellationToken);
        run.Version = await run.View.VersionAsync(cancellationToken);
    }

    private static async Task<PhaseTally> PhaseAsync(ScenarioRun run, string name, double start, CancellationToken cancellationToken)
    {
        var pods = await run.View.BackendsAsync(cancellationToken);
        var before = run.Book.Phases.Count == 0 ? run.AtStart : await run.View.ScrapeAsync(pods, cancellationToken);
        var replaced = run.Replaced;
        run.Replaced = null;
        return new PhaseTally(name, start, pods, before) { Replaced = replaced, ClientNode = run.Client.Spec.NodeName };
    }

    private async Task TakeAsync(ScenarioRun run, ScenarioStep step, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case ApplyStep apply:
                await ChangeAsync(run, $"applying {apply.File}", $"applied {apply.File}", apply.Policies, _changes.ApplyAsync, cancellationToken);
                break;
            case DeleteStep delete:
                await ChangeAsync(run, $"deleting {delete.File}", $"deleted {delete.File}", delete.Policies, _changes.DeleteAsync, cancellationToken);
                break;
            case DeletePodStep delete:
                await DeletePodAsync(run, delete, cancellationToken);
                break;
            case ServiceStep service:
                await ChangeServiceAsync(run, service, cancellationToken);
                break;
            case PhaseStep phase:
                await MeasureAsync(run, phase, cancellationToken);
                break;
        }
    }

    private async Task ChangeAsync(
        ScenarioRun run, string doing, string done, ImmutableArray<PolicyManifest> policies, Func<PolicyManifest, CancellationToken, Task> change, CancellationToken cancellationToken)
    {
        run.Observer.OnStep(doing);
        if (run.Attack is not null) run.Book.Record(done, Now(run));
        foreach (var policy in policies) await change(policy, cancellationToken);
        await SettleAsync(run, cancellationToken);
    }

    private async Task SettleAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        await Task.Delay(Settle, time, cancellationToken);
        if (run.Attack is not null) run.Observer.OnSample(run.Book.Sample(Now(run), run.ClientNode));
    }

    private async Task ChangeServiceAsync(ScenarioRun run, ServiceStep step, CancellationToken cancellationToken)
    {
        var load = run.Scenario.Load;
        var spec = ClusterChanges.SpecOf(step);
        run.Observer.OnStep($"changing Service {load.Service}: {string.Join(", ", spec.Keys)}");
        if (run.Attack is not null) run.Book.Record($"changed Service {load.Service}", Now(run));
        await _changes.PatchServiceAsync(load, spec, cancellationToken);
        await SettleAsync(run, cancellationToken);
    }

    /// <summary>
    /// Deletes a backend Pod and waits until another is ready in its place. The moments of the change are those at which the Service's EndpointSlices show it, midway between two looks.
    /// </summary>
    private async Task DeletePodAsync(ScenarioRun run, DeletePodStep step, CancellationToken cancellationToken)
    {
        var before = await run.View.BackendsAsync(cancellationToken);
        var clientNode = run.ClientNode;
        var victim = before.FirstOrDefault(p => step.Pod is { } name ? p.Name == name : step.Place switch { PodPlace.ClientNode => p.Node == clientNode, PodPlace.OtherNode => p.Node != clientNode, _ => true })
            ?? throw new InvalidOperationException(step.Pod is { } missing
                ? $"pod {missing} is none of the ready pods behind {run.Scenario.Load.Namespace}/{run.Scenario.Load.Service}: {string.Join(", ", before.Select(p => p.Name))}"
                : $"deletePod: no backend pod of {run.Scenario.Load.Namespace}/{run.Scenario.Load.Service} is on {(step.Place is PodPlace.ClientNode ? "" : "another node than ")}{clientNode}");
        run.Observer.OnStep($"deleting pod {victim.Name}");
        var known = before.Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        if (run.Attack is not null) run.Book.BackendsChange($"deleted pod {victim.Name}", Now(run));
        await cluster.CoreV1.DeleteNamespacedPodAsync(victim.Name, victim.Namespace, cancellationToken: cancellationToken);
        var gone = await WaitForAsync(run, "gone from its Service", pods => pods.All(p => p.Name != victim.Name), victim, cancellationToken);
        var ready = await WaitForAsync(run, "replaced", pods => pods.Length >= before.Length && pods.Any(p => !known.Contains(p.Name)), victim, cancellationToken);
        run.Replaced = (victim.Name, ready.Pods.First(p => !known.Contains(p.Name)).Name, gone.At, ready.At);
        await Task.Delay(Settle, time, cancellationToken);
    }

    private async Task<(double At, ImmutableArray<BackendPod> Pods)> WaitForAsync(
        ScenarioRun run, string what, Func<ImmutableArray<BackendPod>, bool> condition, BackendPod victim, CancellationToken cancellationToken)
    {
        var limit = Now(run) + ReadyLimit.TotalSeconds;
        var last = Now(run);
        while (true)
        {
            var pods = await run.View.BackendsAsync(cancellationToken);
            var now = Now(run);
            if (condition(pods)) return ((last + now) / 2, pods);
            if (now > limit) throw new TimeoutException($"{ReadyLimit.TotalSeconds:0} s after its deletion pod {victim.Namespace}/{victim.Name} is not {what}");
            last = now;
            await Task.Delay(EndpointPollInterval, time, cancellationToken);
        }
    }

    private async Task MeasureAsync(ScenarioRun run, PhaseStep step, CancellationToken cancellationToken)
    {
        var unlimited = step.Duration == Timeout.InfiniteTimeSpan;
        run.Observer.OnStep(string.Create(CultureInfo.InvariantCulture, $"{step.Name}: {(unlimited ? "" : $"{step.Duration.TotalSeconds:0.#} s ")}at {run.Scenario.Load.RatePerSecond:0.##} requests/s"));
        var phase = run.Book.Phases[^1];
        if (run.Judged.Count > 0) phase = await BeginAsync(run, step.Name, cancellationToken);
        var end = unlimited ? double.PositiveInfinity : phase.Start + step.Duration.TotalSeconds;
        var limit = phase.Start + MostExtension * step.Duration.TotalSeconds;
        phase.End = step.Requests > 0 ? double.PositiveInfinity : end;
        var objects = await ReadObjectsAsync(run, phase, cancellationToken);
        while ((end > Now(run) || (phase.Requests < step.Requests && limit > Now(run))) && !run.Control.StopRequested)
        {
            var left = Math.Max(end - Now(run), 0.001);
            var change = await run.Control.NextAsync(left < SampleInterval.TotalSeconds && step.Requests == 0 ? TimeSpan.FromSeconds(left) : SampleInterval, time, cancellationToken);
            if (run.Following is { IsCompleted: true } ended) await ended; // the load ended by itself: say why
            if (change is not null)
            {
                phase = await ChangeByHandAsync(run, phase, change, cancellationToken);
                phase.End = step.Requests > 0 ? double.PositiveInfinity : end;
                objects = await ReadObjectsAsync(run, phase, cancellationToken);
                continue;
            }
            run.Observer.OnSample(run.Book.Sample(Now(run), run.ClientNode));
            if (run.Series.IsDue(Now(run))) await SampleSeriesAsync(run, objects, cancellationToken);
        }
        phase.End = step.Requests > 0 ? Now(run) : Math.Min(end, Now(run));
        // The last phase ends with the load, so that its counts are not those of requests under way.
        if (ReferenceEquals(step, run.Scenario.Steps[^1]) || run.Control.StopRequested) await DrainAsync(run, cancellationToken);
        await EndAsync(run, phase, cancellationToken);
    }

    private async Task<PhaseTally> BeginAsync(ScenarioRun run, string name, CancellationToken cancellationToken)
    {
        var phase = await PhaseAsync(run, name, Now(run), cancellationToken);
        run.Book.Begin(phase);
        return phase;
    }

    private async Task EndAsync(ScenarioRun run, PhaseTally phase, CancellationToken cancellationToken)
    {
        phase.After = await run.View.ScrapeAsync(phase.Pods, cancellationToken);
        // After the drain there is no load any more: such a sample would show a fall that is none.
        if (run.Drained is null) run.Series.Add(Now(run), phase.After, phase.Pods);
        run.Add(await ReadObjectsAsync(run, phase, cancellationToken));
    }

    private async Task<JudgedPhase> ReadObjectsAsync(ScenarioRun run, PhaseTally phase, CancellationToken cancellationToken) => new(
        phase, await run.View.HttpRulesAsync(run.Client, cancellationToken),
        await ServiceView.ReadAsync(cluster, run.Scenario.Load, run.ClientNode, run.Attack!.EpochUnixSeconds, cancellationToken));

    /// <summary>Ends a phase, makes the change and begins the next phase. A change that fails is its asker's trouble: the run goes on.</summary>
    private async Task<PhaseTally> ChangeByHandAsync(ScenarioRun run, PhaseTally phase, RunControl.Change change, CancellationToken cancellationToken)
    {
        phase.End = Now(run);
        await EndAsync(run, phase, cancellationToken);
        Exception? failure = null;
        try
        {
            await TakeAsync(run, change.Step, cancellationToken);
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException or TimeoutException or InvalidOperationException)
        {
            failure = e;
        }
        var name = run.Book.Events is [.., var last] ? $"after {last.Name}" : phase.Name;
        var next = await BeginAsync(run, name, cancellationToken);
        run.Observer.OnStep(name);
        if (failure is null) change.Done.TrySetResult();
        else change.Done.TrySetException(failure);
        return next;
    }

    /// <summary>Ends the load; every request has its outcome and its record then.</summary>
    private static async Task<AttackState> DrainAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        if (run.Drained is { } drained) return drained;
        run.Observer.OnStep("waiting for the last answers");
        run.Drained = await run.LoadTest.StopAsync(cancellationToken);
        await run.Following!.WaitAsync(cancellationToken);
        return run.Drained;
    }

    private async Task SampleSeriesAsync(ScenarioRun run, JudgedPhase current, CancellationToken cancellationToken)
    {
        try
        {
            // The moment of a sample is that of its scrape's middle, near enough: its beginning and end are milliseconds apart.
            var (at, phase) = (Now(run), current.Tally);
            var counters = await run.View.ScrapeAsync(phase.Pods, cancellationToken);
            if (!counters.MissingNodes.IsEmpty)
            {
                run.Series.Miss();
                return;
            }
            run.Series.Add(at, counters, phase.Pods);
            phase.After = counters;
            run.Observer.OnProgress(RunJudge.Progress(run, current, await run.LoadTest.StateAsync(cancellationToken), counters, Now(run)));
        }
        catch (HttpRequestException)
        {
            // A Pod may be going while it is asked. The charts do without this sample; the counts of a phase do not come from here.
            run.Series.Miss();
        }
    }
}
