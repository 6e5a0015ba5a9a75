using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>
/// Runs a scenario on an existing cluster, through its API only, and leaves the cluster as it was:
/// <list type="number">
/// <item>refuses a cluster whose namespaces do not belong to the lab, or that does not fit the scenario;</item>
/// <item>changes settings, if allowed;</item>
/// <item>applies the workloads if they are missing;</item>
/// <item>runs the scenario;</item>
/// <item>deletes what it applied and puts back what it changed, also when it was stopped.</item>
/// </list>
/// </summary>
public sealed class ExistingClusterRun(Kubernetes cluster, SessionRights options, TimeProvider time)
{
    /// <summary>Cleaning up after Ctrl-C must not take longer.</summary>
    private static readonly TimeSpan s_hurriedLimit = TimeSpan.FromSeconds(2.5);

    private static readonly TimeSpan s_cleanUpLimit = TimeSpan.FromMinutes(5),
        s_terminatingLimit = TimeSpan.FromMinutes(2),
        s_terminatingPollInterval = TimeSpan.FromMilliseconds(250);

    private const string BackendNamespace = "backend";

    private readonly ManifestClient _objects = new(cluster);
    private readonly ClusterSettings _settings = new(cluster, time);
    private readonly ClusterUndo _undo = new(cluster);

    /// <summary>What was collected beside the measurement; null when that was not requested.</summary>
    public Sysdump? Dump { get; private set; }

    /// <summary>Whether the cluster is as it was; false when something could not be put back, which was said.</summary>
    public bool IsRestored { get; private set; } = true;

    /// <summary>Runs a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="listener">Follows it.</param>
    /// <param name="cancellationToken">
    /// Ends it: what was complete is reported, and the cluster is put back all the same.
    /// </param>
    /// <param name="control">Changes and ends the run; null: it runs as the scenario says.</param>
    /// <param name="byHand">Only its load runs, and the operator makes the changes.</param>
    /// <exception cref="ClusterRefusedException">
    /// The message says why it is not run on this cluster, and what to do.
    /// </exception>
    public async Task<RunReport> RunAsync(
        Scenario scenario,
        IRunListener listener,
        CancellationToken cancellationToken,
        RunController? control = null,
        bool byHand = false
    )
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(listener);
        var reader = new ClusterReader(cluster, scenario.Load);
        // 1. checks
        var workloads = await CheckAsync(scenario, reader, listener, cancellationToken);
        try
        {
            // 2. settings
            var difference = await _settings.CompareAsync(scenario, reader, cancellationToken);
            if (difference.ToChange.Count > 0)
            {
                listener.OnStep($"changing cilium-config: {Text(difference.ToChange)}");
                await _undo.RememberAsync(
                    ChangedObjects.CiliumConfig(await cluster.CiliumNamespaceAsync(cancellationToken)),
                    cancellationToken,
                    _settings.RestartAgentsAsync
                );
                await _settings.ChangeAsync(difference.ToChange, cancellationToken);
            }
            // 3. workloads
            var backends = await ApplyWorkloadsAsync(workloads, scenario, listener, cancellationToken);
            await _undo.RememberAsync(
                scenario,
                cancellationToken,
                new DeploymentChanges(cluster, time).FollowRestoredAsync
            );
            // 4. the scenario
            var run = byHand ? scenario.Manual() : scenario;
            Dump = options.Sysdump ? new Sysdump(cluster, scenario.Load, time) : null;
            var follower = Dump is { } dump
                ? new CaptureListener(listener, run, length => dump.BeginCapture(length, cancellationToken))
                : listener;
            var report = await new ScenarioRunner(cluster, time).RunAsync(
                run,
                backends,
                follower,
                cancellationToken,
                control,
                client => CheckPlacementAsync(scenario, reader, client, listener, cancellationToken)
            );
            if (report.EndedEarly is not null)
                return report; // the cluster may be gone
            return await WithFactsAsync(report, listener, cancellationToken);
        }
        finally
        {
            // 5. clean up
            if (!options.Keep)
                await CleanUpAsync(listener, cancellationToken.IsCancellationRequested);
        }
    }

    /// <summary>Adds what is known of the cluster. Without it the report is complete all the same.</summary>
    private async Task<RunReport> WithFactsAsync(
        RunReport report,
        IRunListener listener,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (Dump is not null)
            {
                listener.OnStep("collecting the sysdump");
                await Dump.FinishAsync(cancellationToken);
            }
            return report with { Details = await ClusterFacts.AddToAsync(report.Details, cluster, cancellationToken) };
        }
        catch (Exception e) when (ApiFailures.Is(e) || e is OperationCanceledException)
        {
            listener.OnStep($"not everything of the cluster could be read: {ApiFailures.Describe(e)}");
            return report;
        }
    }

    /// <summary>
    /// Refuses a cluster that must not be touched. Gives the objects to apply: those that are missing.
    /// </summary>
    private async Task<ImmutableArray<Manifest>> CheckAsync(
        Scenario scenario,
        ClusterReader reader,
        IRunListener listener,
        CancellationToken cancellationToken
    )
    {
        var nodes = await cluster.CoreV1.ListNodeAsync(cancellationToken: cancellationToken);
        List<V1Node> workers =
        [
            .. nodes.Items.Where(n =>
                n.Spec?.Taints?.Any(t => t.Effect is "NoSchedule" or "NoExecute") != true
                && n.GetLabel("node-role.kubernetes.io/control-plane") is null
            ),
        ];
        var all = ManifestSet.Render(
            new ManifestValues
            {
                Topology = ClusterTopology.Create("cluster", Math.Max(1, workers.Count)),
                BackendImage = options.BackendImage ?? "",
                LoadTestImage = options.LoadTestImage ?? "",
                Dashboard = false,
                Prometheus = false,
                Grafana = false,
            }
        );
        var missing = await MissingAsync(all, scenario, listener, cancellationToken);
        // Only what is applied must be the lab's: a run changes nothing else but what it puts back.
        List<string> reasons =
        [
            .. await _objects.ForeignAsync(
                all.Where(m => m.Kind == "Namespace" && missing.Any(x => x.Namespace == m.Name)),
                cancellationToken
            ),
        ];
        if (missing.Any(m => m.Kind == "Deployment") && (options.BackendImage is null || options.LoadTestImage is null))
            reasons.Add(
                $"{string.Join(", ", missing.Where(m => m.Kind == "Deployment"))} must be applied: "
                    + "name their images, which the nodes can pull, with --backend-image and --load-test-image"
            );
        reasons.AddRange(
            (
                await new ScenarioNeeds(cluster, scenario).MissingAsync(workers, missing.Length > 0, cancellationToken)
            ).Select(m => $"{scenario.Name}: {m}")
        );
        var difference = await _settings.CompareAsync(scenario, reader, cancellationToken);
        reasons.AddRange(difference.Impossible.Select(i => $"{scenario.Name}: {i}"));
        if (difference.ToChange.Count > 0 && !options.ChangeSettings)
            reasons.Add(
                $"{scenario.Name} needs {Text(difference.ToChange)} in ConfigMap cilium-config; "
                    + "--change-settings lets it change that, restart the agents, and put it back"
            );
        if (reasons.Count > 0)
            throw new ClusterRefusedException(string.Join(Environment.NewLine, reasons));
        return missing;
    }

    /// <summary>
    /// The objects that are not there, once no namespace of theirs is being deleted. What is there is left as it is:
    /// with a Service for the load, the backends are somebody's own.
    /// </summary>
    private async Task<ImmutableArray<Manifest>> MissingAsync(
        ImmutableArray<Manifest> all,
        Scenario scenario,
        IRunListener listener,
        CancellationToken cancellationToken
    )
    {
        foreach (var ns in all.Where(m => m.Kind == "Namespace"))
            await WaitUntilNotTerminatingAsync(ns, listener, cancellationToken);
        var service = ChangedObjects.ServiceOf(scenario.Load);
        var hasService = await new ObjectClient(cluster).ReadAsync(service, cancellationToken) is not null;
        var clients = await cluster.CoreV1.ListPodForAllNamespacesAsync(
            labelSelector: scenario.Load.Client,
            cancellationToken: cancellationToken
        );
        var missing = ImmutableArray.CreateBuilder<Manifest>();
        foreach (var manifest in all)
        {
            var isBackends = BackendNamespace == (manifest.Kind == "Namespace" ? manifest.Name : manifest.Namespace);
            if (
                (isBackends && hasService)
                || (!isBackends && clients.Items.Any(p => p.Metadata.DeletionTimestamp is null))
            )
                continue;
            if (await _objects.ReadAsync(manifest, cancellationToken) is null)
                missing.Add(manifest);
        }
        return missing.ToImmutable();
    }

    private async Task WaitUntilNotTerminatingAsync(
        Manifest manifest,
        IRunListener listener,
        CancellationToken cancellationToken
    )
    {
        var began = time.GetTimestamp();
        for (var isFirst = true; await IsTerminatingAsync(); isFirst = false)
        {
            if (isFirst)
                listener.OnStep($"waiting until {manifest}, which is being deleted, is gone");
            if (time.GetElapsedTime(began) > s_terminatingLimit)
                throw new ClusterRefusedException(
                    $"{manifest} is still being deleted after {s_terminatingLimit.TotalMinutes:0} min: "
                        + $"kubectl describe namespace {manifest.Name} says what keeps it"
                );
            await Task.Delay(s_terminatingPollInterval, time, cancellationToken);
        }

        async Task<bool> IsTerminatingAsync() =>
            (await _objects.ReadAsync(manifest, cancellationToken))?["metadata"]?["deletionTimestamp"] is not null;
    }

    private static string Text(IEnumerable<KeyValuePair<string, string>> settings) =>
        string.Join(", ", settings.Select(setting => $"{setting.Key}={setting.Value}"));

    /// <returns>How many backends to wait for.</returns>
    private async Task<int> ApplyWorkloadsAsync(
        ImmutableArray<Manifest> workloads,
        Scenario scenario,
        IRunListener listener,
        CancellationToken cancellationToken
    )
    {
        if (workloads.Length > 0)
            listener.OnStep($"applying {workloads.Length} objects");
        foreach (var manifest in workloads)
        {
            await _undo.RememberAsync(new ObjectReference(manifest.ToString(), manifest.Path), cancellationToken);
            await _objects.ApplyAsync(manifest, cancellationToken);
        }
        var applied = workloads
            .Where(w => w.Kind == "Deployment" && w.Namespace == BackendNamespace)
            .Sum(w => (int)w.Object["spec"]!["replicas"]!);
        if (applied > 0)
            return applied;
        var slices = await cluster.SlicesOfAsync(scenario.Load, cancellationToken);
        return Math.Max(1, slices.SelectMany(s => s.Endpoints ?? []).Count(e => e.NamesPod()));
    }

    /// <summary>
    /// Refuses a placement other than the scenario names; says what differs where the scenario only assumes one.
    /// </summary>
    private async Task CheckPlacementAsync(
        Scenario scenario,
        ClusterReader reader,
        V1Pod client,
        IRunListener listener,
        CancellationToken cancellationToken
    )
    {
        var nodes = await cluster.CoreV1.ListNodeAsync(cancellationToken: cancellationToken);
        var differences = Placement
            .Differences(scenario.Topology, client.Spec.NodeName, await reader.BackendsAsync(cancellationToken), node =>
                nodes.Items.FirstOrDefault(n => n.Name() == node)?.GetLabel(ServiceReader.ZoneLabel)
            )
            .ToList();
        if (differences.Count == 0)
            return;
        if (!ReferenceEquals(scenario.Topology, ScenarioTopology.Default))
            throw new ClusterRefusedException(
                string.Join(
                    Environment.NewLine,
                    differences.Select(d =>
                        $"{scenario.Name}: {d}: place the pods so, or run it on a cluster that does"
                    )
                )
            );
        listener.OnStep($"other than the scenario assumes: {string.Join("; ", differences)}");
    }

    private async Task CleanUpAsync(IRunListener listener, bool hurried)
    {
        if (_undo.IsEmpty)
            return;
        listener.OnStep("putting the cluster back as it was");
        using var limit = new CancellationTokenSource(hurried ? s_hurriedLimit : s_cleanUpLimit, time);
        var left = await _undo.RestoreAsync(time, limit.Token);
        if (left.Length == 0)
            return;
        IsRestored = false;
        var reasons = left.Select(l => $"{l.Title}: {l.Reason}").Concat(left.Select(l => l.Command));
        listener.OnLeft($"not put back; the commands below do it:\n{string.Join('\n', reasons)}");
    }
}
