using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Bench.Runs;

/// <summary>One run with changes at random moments, and what may be concluded from it.</summary>
internal sealed class RandomChanges(Kubernetes cluster, Random random)
{
    private const string Namespace = "backend",
        Name = "backend-1";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5),
        s_interval = TimeSpan.FromMilliseconds(100);

    private static readonly Scenario s_twoSided = ScenarioCatalog.Load("two-sided-l7");

    private readonly List<(double At, string What)> _made = [];

    public override string ToString() =>
        string.Join(", ", _made.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.At:0.0} s {m.What}")));

    /// <summary>Makes the cluster as it was at first, runs, and changes it meanwhile.</summary>
    public async Task<RunReport> RunAsync(CancellationToken cancellationToken)
    {
        await ResetAsync(cancellationToken);
        var seconds = 2 + 3 * random.NextDouble();
        var scenario = s_twoSided with
        {
            Load = s_twoSided.Load with { RatePerSecond = random.Next(40, 160) },
            Steps =
            [
                new PhaseStep("baseline", TimeSpan.FromSeconds(0.5 + random.NextDouble())),
                new PhaseStep("observe", TimeSpan.FromSeconds(seconds)),
            ],
            Expect = [],
        };
        var listener = new Started();
        var run = new ScenarioRunner(cluster, TimeProvider.System).RunAsync(scenario, 3, listener, cancellationToken);
        await Task.WhenAny(run, listener.Seen.Task);
        var began = TimeProvider.System.GetTimestamp();
        for (var left = random.Next(4); left > 0 && !run.IsCompleted; left--)
        {
            await Task.Delay(
                TimeSpan.FromSeconds(random.NextDouble() * seconds / 2),
                TimeProvider.System,
                cancellationToken
            );
            await ChangeAsync(TimeProvider.System.GetElapsedTime(began).TotalSeconds, cancellationToken);
        }
        return await run;
    }

    /// <summary>Whether a mechanism may be named of a stretch of the run, s since its load began.</summary>
    public bool MayBe(string diagnosis, double from, double to)
    {
        // A change takes a moment to be noticed, and requests of it are under way when it is.
        bool Was(string what) => _made.Exists(m => m.What.StartsWith(what, StringComparison.Ordinal) && m.At < to + 1);
        var podsChanged = Was("scale") || Was("delete pod") || Was("restart");
        return diagnosis switch
        {
            "even" or "undecided" or "unknown" => true,
            ChangeDiagnosis.Changing or ChangeDiagnosis.FailuresDuringChange => from >= 0,
            ChangeDiagnosis.NoEndpoints => Was("scale to 0")
                || (Was("scale to 1") && (Was("delete pod") || Was("restart"))),
            "two-sided-l7" => Was("apply backend-policy.yaml") && Was("apply load-test-policy.yaml"),
            "session-affinity" => Was("affinity"),
            "stale-conntrack" or "silent-close" or "unready-pod" or "slow-pod" => podsChanged,
            "frozen-pod" => podsChanged,
            _ => false,
        };
    }

    private async Task ChangeAsync(double at, CancellationToken cancellationToken)
    {
        var (what, change) = random.Next(11) switch
        {
            0 => Scale(0),
            1 => Scale(random.Next(1, 6)),
            2 => ("delete pod", DeletePodAsync),
            3 => ("restart", token =>
                PatchDeploymentAsync(
                    new
                    {
                        spec = new
                        {
                            template = new
                            {
                                metadata = new
                                {
                                    annotations = new Dictionary<string, string>
                                    {
                                        ["kubectl.kubernetes.io/restartedAt"] = $"{Guid.NewGuid()}",
                                    },
                                },
                            },
                        },
                    },
                    token
                )
            ),
            4 or 5 => Apply("backend-policy.yaml"),
            6 => Apply("load-test-policy.yaml"),
            7 or 8 => Delete(random.Next(2) == 0 ? "backend-policy.yaml" : "load-test-policy.yaml"),
            9 => ("affinity", token => AffinityAsync("ClientIP", token)),
            _ => ((string What, Func<CancellationToken, Task> Make))("agent", RestartAgentAsync),
        };
        _made.Add((at, what));
        await change(cancellationToken);

        (string, Func<CancellationToken, Task>) Scale(int replicas) =>
            ($"scale to {replicas}", token => PatchDeploymentAsync(new { spec = new { replicas } }, token));

        (string, Func<CancellationToken, Task>) Apply(string file) =>
            ($"apply {file}", token => ApplyAsync(file, token));

        (string, Func<CancellationToken, Task>) Delete(string file) =>
            ($"remove {file}", token => DeleteAsync(PoliciesOf(file), token));
    }

    private async Task ApplyAsync(string file, CancellationToken cancellationToken)
    {
        foreach (var policy in PoliciesOf(file))
            try
            {
                await cluster.CustomObjects.CreateNamespacedCustomObjectAsync(
                    policy.Manifest,
                    policy.Group,
                    policy.Version,
                    policy.Model.Namespace,
                    policy.Plural,
                    cancellationToken: cancellationToken
                );
            }
            catch (HttpOperationException)
            {
                // It is applied already.
            }
    }

    private static ImmutableArray<PolicyManifest> PoliciesOf(string file) =>
        s_twoSided.PolicyFiles().Single(f => f.File == file).Policies;

    private async Task DeleteAsync(IEnumerable<PolicyManifest> policies, CancellationToken cancellationToken)
    {
        foreach (var policy in policies)
            await TryAsync(() =>
                cluster.CustomObjects.DeleteNamespacedCustomObjectAsync(
                    policy.Group,
                    policy.Version,
                    policy.Model.Namespace,
                    policy.Plural,
                    policy.Model.Name,
                    cancellationToken: cancellationToken
                )
            );
    }

    private async Task DeletePodAsync(CancellationToken cancellationToken)
    {
        var pods = await cluster.CoreV1.ListNamespacedPodAsync(Namespace, cancellationToken: cancellationToken);
        if (pods.Items.Count > 0)
            await TryAsync(() =>
                cluster.CoreV1.DeleteNamespacedPodAsync(
                    pods.Items[random.Next(pods.Items.Count)].Name(),
                    Namespace,
                    cancellationToken: cancellationToken
                )
            );
    }

    private async Task RestartAgentAsync(CancellationToken cancellationToken)
    {
        var agents = await cluster.CoreV1.ListNamespacedPodAsync(
            "kube-system",
            labelSelector: "k8s-app=cilium",
            cancellationToken: cancellationToken
        );
        await TryAsync(() =>
            cluster.CoreV1.DeleteNamespacedPodAsync(
                agents.Items[random.Next(agents.Items.Count)].Name(),
                "kube-system",
                cancellationToken: cancellationToken
            )
        );
    }

    private async Task AffinityAsync(string affinity, CancellationToken cancellationToken) =>
        await cluster.CoreV1.PatchNamespacedServiceAsync(
            Patch(new { spec = new { sessionAffinity = affinity } }),
            Name,
            Namespace,
            cancellationToken: cancellationToken
        );

    private async Task PatchDeploymentAsync(object patch, CancellationToken cancellationToken) =>
        await cluster.AppsV1.PatchNamespacedDeploymentAsync(
            Patch(patch),
            Name,
            Namespace,
            cancellationToken: cancellationToken
        );

    private static V1Patch Patch(object patch) => new(JsonSerializer.Serialize(patch), V1Patch.PatchType.MergePatch);

    private async Task ResetAsync(CancellationToken cancellationToken)
    {
        await DeleteAsync(s_twoSided.Policies(), cancellationToken);
        await AffinityAsync("None", cancellationToken);
        await PatchDeploymentAsync(new { spec = new { replicas = 3 } }, cancellationToken);
        var reader = new ClusterReader(cluster, s_twoSided.Load);
        var began = TimeProvider.System.GetTimestamp();
        while (await BackendsAsync(reader, cancellationToken) is var (ready, all) and not (3, 3))
        {
            if (TimeProvider.System.GetElapsedTime(began) > s_limit)
            {
                throw new TimeoutException(
                    $"after {s_limit.TotalSeconds:0} s there are {ready} ready backends of {all}, not 3 of 3"
                );
            }
            await Task.Delay(s_interval, TimeProvider.System, cancellationToken);
        }
        await Task.Delay(TimeSpan.FromSeconds(0.5), TimeProvider.System, cancellationToken);
    }

    private async Task<(int Ready, int All)> BackendsAsync(ClusterReader reader, CancellationToken cancellationToken)
    {
        var all = await cluster.CoreV1.ListNamespacedPodAsync(Namespace, cancellationToken: cancellationToken);
        return ((await reader.BackendsAsync(cancellationToken)).Length, all.Items.Count);
    }

    private static async Task TryAsync(Func<Task> change)
    {
        try
        {
            await change();
        }
        catch (HttpOperationException)
        {
            // It is gone already.
        }
    }

    /// <summary>Notices the first requests.</summary>
    private sealed class Started : IRunListener
    {
        public TaskCompletionSource Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool WantsProgress => false;

        public void OnStep(string what) { }

        public void OnCluster(ClusterIdentity cluster) { }

        public void OnPhase(PhaseStep phase) { }

        public void OnSample(LiveSample sample)
        {
            if (sample.Requests > 0)
                Seen.TrySetResult();
        }

        public void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode) { }

        public void OnProgress(RunReport report) { }

        public void OnLeft(string what) { }

        public void OnReport(RunReport report) { }
    }
}
