using System.Collections.Immutable;
using System.Net;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Runs a scenario on a cluster, which it knows only by its Kubernetes API:
/// <list type="number">
/// <item>applies the policies of the first steps, and waits until the Pods are ready;</item>
/// <item>starts the load before the first phase, and follows its records;</item>
/// <item>takes the steps;</item>
/// <item>drains the load and takes the last counts;</item>
/// <item>evaluates, diagnoses, reconciles, and compares the result with the expectation.</item>
/// </list>
/// </summary>
public sealed class ScenarioRunner(Kubernetes cluster, TimeProvider time)
{
    private static readonly TimeSpan s_readyLimit = TimeSpan.FromSeconds(60);

    /// <summary>How long Pods may take to become ready where nodes pull their images first.</summary>
    private static readonly TimeSpan s_pullLimit = TimeSpan.FromMinutes(5);

    /// <summary>The load ends by itself this long after the run has gone, or its connection to the Pod.</summary>
    private static readonly TimeSpan s_lease = TimeSpan.FromMinutes(2);

    /// <summary>A user who interrupts a run waits no longer than this for its load test.</summary>
    private static readonly TimeSpan s_hurry = TimeSpan.FromSeconds(0.5);

    private readonly StepChanges _changes = new(cluster, time);

    /// <summary>Runs a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="backends">Number of Pods behind the Service to wait for.</param>
    /// <param name="listener">Follows the run.</param>
    /// <param name="cancellationToken">Ends it: what was complete is reported.</param>
    /// <param name="control">Changes and ends the run; null: it runs as the scenario says.</param>
    /// <param name="whenReady">Receives the load-test Pod before the load begins, and may end the run.</param>
    /// <returns>The report; of a part of the run when it was cancelled, or failed, after requests had been sent.
    /// </returns>
    /// <exception cref="TimeoutException">The Pods are not ready in time.</exception>
    /// <exception cref="InvalidOperationException">The load-test Pod is in use by another run.</exception>
    /// <exception cref="HttpRequestException">The cluster cannot be reached, or refuses a request.</exception>
    public async Task<RunReport> RunAsync(
        Scenario scenario,
        int backends,
        IRunListener listener,
        CancellationToken cancellationToken,
        RunController? control = null,
        Func<V1Pod, Task>? whenReady = null
    )
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(listener);
        var measurement = new PhaseMeasurement(cluster, _changes, time);
        var reader = new ClusterReader(cluster, scenario.Load);
        var identity = await cluster.IdentityAsync(cancellationToken);
        listener.OnCluster(identity);
        // 1. policies need no Pods: they reach the nodes while the Pods start
        var policies = scenario.Steps.TakeWhile(s => s is ApplyStep or DeleteStep).ToList();
        foreach (var step in policies)
            await _changes.TakeBeforeAsync(step, listener, cancellationToken);
        var settled =
            policies.Count > 0
                ? Task.Delay(ScenarioRun.SettleOn(identity), time, cancellationToken)
                : Task.CompletedTask;
        listener.OnStep($"waiting for {backends} backends and the load test");
        var client = await reader.WaitUntilReadyAsync(
            backends,
            identity.IsEmulated ? s_readyLimit : s_pullLimit,
            time,
            cancellationToken,
            listener.OnStep
        );
        await settled;
        if (whenReady is not null)
            await whenReady(client);
        using var uncontrolled = new RunController();
        var changed = control ?? uncontrolled;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, changed.Broken);
        var run = new ScenarioRun(
            scenario,
            reader,
            client,
            new LoadTestClient(reader.Proxy, client.Namespace(), client.Name()),
            listener,
            new RunLedger(IPAddress.Parse(client.Status.PodIP)),
            changed,
            time
        )
        {
            Cluster = identity,
            ClientPlace = (client.Spec.NodeName, await reader.ZoneAsync(client.Spec.NodeName, cancellationToken)),
        };
        try
        {
            var report = await RunAsync(run, scenario.Steps.Skip(policies.Count), measurement, either.Token);
            listener.OnReport(report);
            return report;
        }
        catch (Exception e) when (run.HasRequests && e is not OutOfMemoryException)
        {
            run.Control.Close();
            var end = cancellationToken.IsCancellationRequested
                ? EarlyEnd.InterruptedWith(await InFlightAsync(run))
                : await RunBreak.WhyAsync(
                    run.Control,
                    client,
                    token =>
                        cluster.CoreV1.ReadNamespacedPodAsync(
                            client.Name(),
                            client.Namespace(),
                            cancellationToken: token
                        ),
                    e,
                    time
                );
            var report = RunEvaluator.Partial(run, end);
            listener.OnReport(report);
            return report;
        }
        finally
        {
            run.Control.Close();
            if (run.Watch is { } watch)
                await watch.DisposeAsync();
            // A run that failed or was cancelled must not leave its load behind: its cluster may outlive it.
            if (run is { Attack: not null, Drained: null })
                await AbandonAsync(run, cancellationToken.IsCancellationRequested);
        }
    }

    /// <summary>Takes the steps, drains the load and evaluates.</summary>
    private async Task<RunReport> RunAsync(
        ScenarioRun run,
        IEnumerable<ScenarioStep> steps,
        PhaseMeasurement measurement,
        CancellationToken cancellationToken
    )
    {
        // 2. and 3. load and steps
        foreach (var step in steps.TakeWhile(_ => !run.Control.StopRequested || run.Measured.Count == 0))
        {
            if (step is PhaseStep phase)
            {
                if (run.Attack is null)
                    await StartLoadAsync(run, phase, cancellationToken);
                await measurement.MeasureAsync(run, phase, cancellationToken);
            }
            else
            {
                await _changes.TakeAsync(run, step, cancellationToken);
            }
        }
        run.Control.Close();
        // 4. drain
        var attack = await run.DrainAsync(cancellationToken);
        var phaseAtEnd = run.Ledger.Phases[^1];
        var last = await LastCountersAsync(run.Reader, phaseAtEnd.Pods, cancellationToken);
        // What was counted after the last phase belongs to the requests after it, if there are any.
        if (run.Ledger.Following.IsEmpty)
            phaseAtEnd.After = last with { Echo = (phaseAtEnd.After ?? phaseAtEnd.Before).Echo.SetItems(last.Echo) };
        // 5. evaluate
        await ReadSettingsAsync(run, cancellationToken);
        return RunEvaluator.Final(run, attack, last);
    }

    /// <summary>
    /// The counters after the load. Those of a Pod that was deleted meanwhile are its last sample, and it has no line
    /// in the reconciliation.
    /// </summary>
    private static async Task<ClusterCounters> LastCountersAsync(
        ClusterReader reader,
        ImmutableArray<BackendPod> pods,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await reader.ScrapeAsync(pods, cancellationToken);
        }
        catch (HttpRequestException)
        {
            return await reader.ScrapeAsync(
                pods.Intersect(await reader.BackendsAsync(cancellationToken)),
                cancellationToken
            );
        }
    }

    /// <summary>Requests that were intended and have no outcome here; 0 when the load test cannot be read.</summary>
    private async Task<long> InFlightAsync(ScenarioRun run)
    {
        using var limit = new CancellationTokenSource(s_hurry, time);
        try
        {
            return (await run.LoadTest.StateAsync(limit.Token)).Intended - run.Ledger.Resolved;
        }
        catch (Exception e)
            when (e is HttpRequestException or OperationCanceledException or IOException or InvalidDataException)
        {
            return 0;
        }
    }

    private async Task AbandonAsync(ScenarioRun run, bool hurried)
    {
        using var limit = new CancellationTokenSource(hurried ? s_hurry : TimeSpan.FromSeconds(2), time);
        try
        {
            await run.LoadTest.StopAsync(limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // The exception that is under way says why the run failed.
        }
    }

    private async Task StartLoadAsync(ScenarioRun run, PhaseStep phase, CancellationToken cancellationToken)
    {
        var load = run.Scenario.Load;
        run.Watch = await ChangeWatch.StartAsync(
            cluster,
            WatchedKind.Of(load, run.Client.Namespace(), await cluster.CiliumNamespaceAsync(cancellationToken)),
            run.OnChanged,
            time,
            cancellationToken
        );
        foreach (var refused in run.Watch.Refused)
            run.Listener.OnStep($"{refused}; their changes are not noticed");
        await StopLeftOverLoadAsync(run, cancellationToken);
        var order = new AttackOrder(
            load.Url,
            load.RatePerSecond,
            load.Method,
            load.Body,
            Ports: load.Ports,
            KeepAliveConnections: load.Connections,
            Http2: load.Http2,
            MaxInFlight: load.InFlight,
            LeaseSeconds: s_lease.TotalSeconds
        );
        try
        {
            if (run.Cluster.IsEmulated && WarmUpLoad.For(order) is { } warmUp)
            {
                run.Listener.OnStep($"warming up at {load.RatePerSecond:0} requests/s, before the run");
                if (!await WarmUpLoad.RunAsync(run.LoadTest, warmUp, time, cancellationToken))
                    run.Listener.OnStep("this machine did not keep up while warming up");
            }
            run.AtStart = await run.Reader.ScrapeAsync(
                await run.Reader.BackendsAsync(cancellationToken),
                cancellationToken
            );
            run.Attack = await run.LoadTest.StartAsync(order, cancellationToken);
        }
        catch (Exception e) when (e is not HttpRequestException { StatusCode: not null })
        {
            // Whether the Pod took an order whose answer did not come is not known.
            await AbandonAsync(run, cancellationToken.IsCancellationRequested);
            throw;
        }
        var first = await PhaseMeasurement.BeginAsync(run, phase, phase.Name, cancellationToken)
            ?? throw new InvalidOperationException(
                $"no pod of Service {load.Namespace}/{load.Service} is ready any more: "
                    + $"kubectl -n {load.Namespace} get endpointslices"
            );
        run.Series.Add(0, run.AtStart, first.Pods);
        if (run.Series.Newest is { } origin)
            run.Listener.OnCounters(origin, first.Pods, run.ClientNode);
        run.Following = run.LoadTest.FollowAsync(run.Ledger.Add, time, cancellationToken);
        await ReadSettingsAsync(run, cancellationToken);
    }

    /// <summary>An earlier run that ended without a word may have left its load behind.</summary>
    private static async Task StopLeftOverLoadAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        if (await run.LoadTest.TryStateAsync(cancellationToken) is not { Running: true } left)
            return;
        if (left.Followed)
            throw new InvalidOperationException(
                $"pod {run.Client.Namespace()}/{run.Client.Name()} sends the load of another run: wait until "
                    + $"that ends, or kubectl -n {run.Client.Namespace()} delete pod {run.Client.Name()}"
            );
        run.Listener.OnStep("stopping the load that an earlier run left behind");
        await run.LoadTest.StopAsync(cancellationToken);
    }

    private async Task ReadSettingsAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        run.Settings = await run.Reader.SettingsAsync(cancellationToken);
        run.Cluster = await cluster.IdentityAsync(cancellationToken);
    }
}
