using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using k8s;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Takes the steps of a run that change the cluster. Each is shown, recorded as an event of the run, and has reached
/// every node when it is done.
/// </summary>
internal sealed class StepChanges(Kubernetes cluster, TimeProvider time)
{
    /// <summary>How often the rates are shown while a change reaches the nodes.</summary>
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a Pod's replacement may take.</summary>
    private static readonly TimeSpan s_replacementLimit = TimeSpan.FromSeconds(60);

    /// <summary>How often the endpoints are read while a Pod is replaced: twice the error of the gap.</summary>
    private static readonly TimeSpan s_endpointPollInterval = TimeSpan.FromMilliseconds(20);

    private readonly ClusterChanges _changes = new(cluster);
    private readonly DeploymentChanges _deployments = new(cluster, time);

    /// <summary>Applies or deletes policies before there is a run: nothing is recorded or waited for.</summary>
    public async Task TakeBeforeAsync(ScenarioStep step, IRunListener listener, CancellationToken cancellationToken)
    {
        listener.OnStep(
            step switch
            {
                ApplyStep apply => $"applying {apply.File}",
                DeleteStep delete => $"deleting {delete.File}",
                _ => throw new ArgumentException($"{step} needs a run", nameof(step)),
            }
        );
        await _changes.ChangePoliciesAsync(step, cancellationToken);
    }

    /// <summary>Takes any step but a phase.</summary>
    /// <exception cref="TimeoutException">Pods were not replaced, or did not end, in time.</exception>
    /// <exception cref="InvalidOperationException">There is no such Pod or Deployment.</exception>
    public async Task TakeAsync(ScenarioRun run, ScenarioStep step, CancellationToken cancellationToken)
    {
        using var own = run.Watch?.Own(ChangedObjects.Of(step, run.Scenario.Load));
        await (
            step switch
            {
                ApplyStep apply => ChangeAsync(run, apply, $"{apply.File} was applied", cancellationToken),
                DeleteStep delete => ChangeAsync(run, delete, $"{delete.File} was deleted", cancellationToken),
                DeletePodStep delete => DeletePodAsync(run, delete, cancellationToken),
                ServiceStep service => ChangeServiceAsync(run, service, cancellationToken),
                EndpointSliceStep slice => ChangeSliceAsync(run, slice, cancellationToken),
                ScaleStep or RolloutStep => ChangeDeploymentAsync(run, step, cancellationToken),
                WaitStep wait => WaitAsync(run, wait, cancellationToken),
                _ => throw new ArgumentException($"{step} changes nothing", nameof(step)),
            }
        );
    }

    private async Task ChangeAsync(ScenarioRun run, ScenarioStep step, string done, CancellationToken cancellationToken)
    {
        if (run.Attack is not null)
            run.Ledger.Record(done, run.Now);
        await TakeBeforeAsync(step, run.Listener, cancellationToken);
        await SettleAsync(run, cancellationToken);
    }

    private Task SettleAsync(ScenarioRun run, CancellationToken cancellationToken) =>
        PassAsync(run, run.Settle, cancellationToken);

    private Task WaitAsync(ScenarioRun run, WaitStep step, CancellationToken cancellationToken)
    {
        run.Listener.OnStep(step.Describe());
        return PassAsync(run, step.Duration, cancellationToken);
    }

    private async Task PassAsync(ScenarioRun run, TimeSpan duration, CancellationToken cancellationToken)
    {
        for (var start = time.GetTimestamp(); time.GetElapsedTime(start) is var passed && passed < duration; Show(run))
        {
            var left = duration - passed;
            await Task.Delay(left < s_lookInterval ? left : s_lookInterval, time, cancellationToken);
        }
    }

    private static void Show(ScenarioRun run)
    {
        if (run.Attack is not null)
            run.Listener.OnSample(run.Ledger.Sample(run.Now, run.ClientNode));
    }

    private async Task ChangeDeploymentAsync(ScenarioRun run, ScenarioStep step, CancellationToken cancellationToken)
    {
        var deployment = ChangedObjects.Of(step, run.Scenario.Load).Single();
        var change = await _deployments.PlanAsync(step, deployment, cancellationToken);
        run.Listener.OnStep(step.Describe());
        if (run.Attack is not null)
            run.Ledger.BackendsChange(change.Done, run.Now);
        run.Ending = change.Ending;
        await _deployments.ApplyAsync(deployment, change, cancellationToken);
        await _deployments.WaitUntilThroughAsync(deployment, cancellationToken, () => Show(run));
        await SettleAsync(run, cancellationToken);
    }

    private async Task ChangeServiceAsync(ScenarioRun run, ServiceStep step, CancellationToken cancellationToken)
    {
        var load = run.Scenario.Load;
        var spec = ClusterChanges.SpecOf(step);
        run.Listener.OnStep($"changing Service {load.Service}: {string.Join(", ", spec.Keys)}");
        // Traffic policy and distribution decide which share each Pod should get.
        if (run.Attack is not null)
            run.Ledger.BackendsChange($"Service {load.Service} was changed", run.Now);
        await _changes.PatchServiceAsync(load, spec, cancellationToken);
        await SettleAsync(run, cancellationToken);
    }

    private async Task ChangeSliceAsync(ScenarioRun run, EndpointSliceStep step, CancellationToken cancellationToken)
    {
        run.Listener.OnStep(step.Describe());
        // Its addresses may be those of Pods, which then get another share.
        if (run.Attack is not null)
            run.Ledger.BackendsChange($"EndpointSlice {step.Slice} was applied", run.Now);
        await _changes.ApplySliceAsync(run.Scenario.Load, step, cancellationToken);
        await SettleAsync(run, cancellationToken);
    }

    /// <summary>
    /// Deletes a backend Pod and waits until another one replaces it. The moments of the change are those at which the
    /// Service's EndpointSlices show it, midway between two reads.
    /// </summary>
    private async Task DeletePodAsync(ScenarioRun run, DeletePodStep step, CancellationToken cancellationToken)
    {
        var before = await run.Reader.BackendsAsync(cancellationToken);
        var victim = before.FirstOrDefault(pod => IsMeant(pod, step, run.ClientNode))
            ?? throw new InvalidOperationException(NoSuchPod(run, step, before));
        run.Listener.OnStep($"deleting pod {victim.Name}");
        var known = before.Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        if (run.Attack is not null)
            run.Ledger.BackendsChange($"pod {victim.Name} was deleted", run.Now);
        await cluster.CoreV1.DeleteNamespacedPodAsync(
            victim.Name,
            victim.Namespace,
            cancellationToken: cancellationToken
        );
        var gone = await WaitForAsync(
            run,
            "gone from its Service",
            pods => pods.All(p => p.Name != victim.Name),
            victim,
            cancellationToken
        );
        var ready = await WaitForAsync(
            run,
            "replaced",
            pods => pods.Length >= before.Length && pods.Any(p => !known.Contains(p.Name)),
            victim,
            cancellationToken
        );
        var added = ready.Pods.First(p => !known.Contains(p.Name));
        run.Replaced = new PodReplacement(victim.Name, added.Name, gone.At, ready.At);
        await Task.Delay(run.Settle, time, cancellationToken);
    }

    private static bool IsMeant(BackendPod pod, DeletePodStep step, string clientNode) =>
        step switch
        {
            { Pod: { } name } => pod.Name == name,
            { Place: PodPlace.ClientNode } => pod.Node == clientNode,
            { Place: PodPlace.OtherNode } => pod.Node != clientNode,
            _ => true,
        };

    private static string NoSuchPod(ScenarioRun run, DeletePodStep step, ImmutableArray<BackendPod> pods)
    {
        var service = $"{run.Scenario.Load.Namespace}/{run.Scenario.Load.Service}";
        var names = string.Join(", ", pods.Select(pod => pod.Name));
        if (step.Pod is { } missing)
            return $"pod {missing} is not one of the ready pods behind {service}: {names}";
        var node = step.Place is PodPlace.ClientNode ? run.ClientNode : $"another node than {run.ClientNode}";
        return $"deletePod: no backend pod of {service} is on {node}";
    }

    private async Task<(double At, ImmutableArray<BackendPod> Pods)> WaitForAsync(
        ScenarioRun run,
        string what,
        Func<ImmutableArray<BackendPod>, bool> condition,
        BackendPod victim,
        CancellationToken cancellationToken
    )
    {
        var limit = run.Now + s_replacementLimit.TotalSeconds;
        var last = run.Now;
        while (true)
        {
            var pods = await run.Reader.BackendsAsync(cancellationToken);
            var now = run.Now;
            if (condition(pods))
                return ((last + now) / 2, pods);
            if (now > limit)
                throw new TimeoutException(
                    $"{s_replacementLimit.TotalSeconds:0} s after its deletion "
                        + $"pod {victim.Namespace}/{victim.Name} is not {what}"
                );
            last = now;
            await Task.Delay(s_endpointPollInterval, time, cancellationToken);
        }
    }
}
