using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.EmbeddedCluster;
using CiliumDebugging.EmbeddedCluster.Api.Access;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Testing;

/// <summary>A cluster in this process with its Pods as child processes, and a client of its API.</summary>
internal sealed class LiveLab : IAsyncDisposable
{
    private LiveLab(ClusterTopology topology, EmbeddedClusterHost cluster, string token) =>
        (Topology, Cluster, Token, Api) = (
            topology,
            cluster,
            token,
            ApiClient.Create(cluster.ApiUrl, token, cluster.AuthorityPem)
        );

    public ClusterTopology Topology { get; }

    public EmbeddedClusterHost Cluster { get; }

    public string Token { get; }

    public Kubernetes Api { get; }

    public static Task<LiveLab> StartAsync(ClusterTopology topology, params (string Key, string Value)[] settings) =>
        StartAsync(topology, null, false, settings);

    public static Task<LiveLab> StartAsync(
        ClusterTopology topology,
        int? portOffset,
        params (string Key, string Value)[] settings
    ) => StartAsync(topology, portOffset, false, settings);

    public static Task<LiveLab> StartAsync(
        ClusterTopology topology,
        bool tls,
        params (string Key, string Value)[] settings
    ) => StartAsync(topology, null, tls, settings);

    private static async Task<LiveLab> StartAsync(
        ClusterTopology topology,
        int? portOffset,
        bool tls,
        (string Key, string Value)[] settings
    )
    {
        var token = ClusterEnvironment.NewApiToken();
        var options = new ClusterOptions
        {
            Topology = topology,
            ApiToken = token,
            ApiTls = tls,
            PortOffset = portOffset,
            CiliumConfig = settings.ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal),
        };
        return new LiveLab(
            topology,
            await EmbeddedClusterHost.StartAsync(options, cancellationToken: TestContext.Current.CancellationToken),
            token
        );
    }

    /// <summary>Runs a scenario against the first Service and writes what it measured to the test's output.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="listener">Follows the run; null: it is written to the test's output.</param>
    public async Task<RunReport> RunAsync(Scenario scenario, IRunListener? listener = null)
    {
        var backends = Topology.BackendPods();
        var report = await new ScenarioRunner(Api, TimeProvider.System).RunAsync(
            scenario,
            backends,
            listener ?? new TestOutput(),
            TestContext.Current.CancellationToken
        );
        return report;
    }

    private static readonly LoadSpec s_service = new(new Uri("http://backend-1.backend:8080/echo"), "POST", "foo", 50);

    /// <summary>The default topology's Pods through the runner's eyes.</summary>
    public ClusterReader View => field ??= new ClusterReader(Api, s_service);

    /// <summary>
    /// Waits until the default topology's Service has this many ready Pods; gives them with the load-test Pod.
    /// </summary>
    public async Task<(V1Pod Client, IReadOnlyList<V1Pod> Backends)> ReadyAsync(int backends = 3)
    {
        var client = await View.WaitUntilReadyAsync(
            backends,
            TimeSpan.FromSeconds(60),
            TimeProvider.System,
            TestContext.Current.CancellationToken
        );
        var pods = await Api.CoreV1.ListNamespacedPodAsync(
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
        return (client, [.. pods.Items.OrderBy(p => p.Name(), StringComparer.Ordinal)]);
    }

    /// <summary>Kills the process of a Pod (SIGKILL).</summary>
    public async Task KillAsync(V1Pod pod)
    {
        var events = await Api.CoreV1.ListNamespacedEventAsync(
            pod.Namespace(),
            cancellationToken: TestContext.Current.CancellationToken
        );
        var started = events.Items.Last(e => e.Reason == "Started" && e.InvolvedObject.Name == pod.Name());
        // Started process 123 for container …
        using var process = Process.GetProcessById(
            int.Parse(started.Message.Split(' ')[2], CultureInfo.InvariantCulture)
        );
        process.Kill();
    }

    /// <summary>All counters of the nodes and of the Pods behind the Service now.</summary>
    public async Task<ClusterCounters> CountersAsync() =>
        await View.ScrapeAsync(
            await View.BackendsAsync(TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken
        );

    /// <summary>
    /// Applies the policies of a file, without a path of the original report's scenario, and waits until the datapath
    /// has them.
    /// </summary>
    public async Task ApplyAsync(string file)
    {
        var before = Cluster.Datapath.Cluster.Policies;
        var (policies, _) = PolicyManifest.ReadFile(Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7", file));
        foreach (var policy in policies)
            await Api.CustomObjects.CreateNamespacedCustomObjectAsync(
                policy.Manifest,
                policy.Group,
                policy.Version,
                policy.Model.Namespace,
                policy.Plural,
                cancellationToken: TestContext.Current.CancellationToken
            );
        await Eventually.HoldsAsync($"the datapath has {file}", () =>
            !ReferenceEquals(before, Cluster.Datapath.Cluster.Policies)
        );
    }

    /// <summary>Applies policies given as text and waits until the datapath has them.</summary>
    public async Task ApplyTextAsync(string yaml)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, yaml);
            await ApplyAsync(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>
    /// Deletes all policies of the backends' namespace and waits until the datapath has none of them.
    /// </summary>
    public async Task DeleteAllPoliciesAsync()
    {
        foreach (var policy in Cluster.Datapath.Cluster.Policies.Policies)
            await Api.CustomObjects.DeleteNamespacedCustomObjectAsync(
                "cilium.io",
                "v2",
                policy.Namespace,
                "ciliumnetworkpolicies",
                policy.Name,
                cancellationToken: TestContext.Current.CancellationToken
            );
        await Eventually.HoldsAsync("the datapath has no policies", () =>
            Cluster.Datapath.Cluster.Policies.Policies.IsEmpty
        );
    }

    /// <summary>Deletes the EndpointSlices that scenarios gave to Services of a namespace.</summary>
    public async Task DeleteSlicesOfScenariosAsync(string ns)
    {
        var slices = await Api.DiscoveryV1.ListNamespacedEndpointSliceAsync(
            ns,
            labelSelector: "endpointslice.kubernetes.io/managed-by=cilium-debugging",
            cancellationToken: TestContext.Current.CancellationToken
        );
        foreach (var slice in slices.Items)
            await Api.DiscoveryV1.DeleteNamespacedEndpointSliceAsync(
                slice.Name(),
                ns,
                cancellationToken: TestContext.Current.CancellationToken
            );
    }

    /// <summary>The agents' Pods.</summary>
    public async Task<IList<V1Pod>> AgentsAsync() =>
        (
            await Api.CoreV1.ListNamespacedPodAsync(
                "kube-system",
                labelSelector: "k8s-app=cilium",
                cancellationToken: TestContext.Current.CancellationToken
            )
        ).Items;

    /// <summary>Changes settings of cilium-config; a null takes one out. Agents read them when they start.</summary>
    public Task SetAsync(params (string Key, string? Value)[] settings) =>
        Api.CoreV1.PatchNamespacedConfigMapAsync(
            new V1Patch(
                JsonSerializer.Serialize(new { data = settings.ToDictionary(s => s.Key, s => s.Value) }),
                V1Patch.PatchType.MergePatch
            ),
            "cilium-config",
            "kube-system",
            cancellationToken: TestContext.Current.CancellationToken
        );

    /// <summary>Changes settings, deletes the agents' Pods and waits until there are new ones.</summary>
    public async Task RestartAgentsAsync(params (string Key, string? Value)[] settings)
    {
        if (settings.Length > 0)
            await SetAsync(settings);
        var old = await AgentsAsync();
        foreach (var agent in old)
            await Api.CoreV1.DeleteNamespacedPodAsync(
                agent.Name(),
                "kube-system",
                cancellationToken: TestContext.Current.CancellationToken
            );
        await Eventually.HoldsAsync("all agents are new and run", async () =>
            await AgentsAsync() is var agents
            && agents.Count == old.Count
            && agents.All(a => old.All(o => o.Uid() != a.Uid()) && PodReadiness.IsReady(a))
        );
    }

    /// <summary>A port of a Pod or Service as this machine reaches it.</summary>
    public IPEndPoint EndPoint(string address, int port = 8080) =>
        new(IPAddress.Parse(address), port + Cluster.PortOffset);

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await Cluster.DisposeAsync();
    }

    private sealed class TestOutput : IRunListener
    {
        private static void Write(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

        public void OnCluster(ClusterIdentity cluster) => Write(cluster.Name);

        public void OnStep(string what) => Write(what);

        public bool WantsProgress => false;

        public void OnPhase(PhaseStep phase) { }

        public void OnSample(LiveSample sample) { }

        public void OnCounters(SeriesSample newest, ImmutableArray<BackendPod> pods, string clientNode) { }

        public void OnProgress(RunReport report) { }

        public void OnLeft(string what) => OnStep(what);

        public void OnReport(RunReport report)
        {
            foreach (var phase in report.Phases)
            {
                var counts = phase
                    .ByStatus.Select(s => $"{s.Key}: {s.Value}")
                    .Concat(phase.Unanswered.Select(u => $"{u.Key}: {u.Value}"));
                var requests = $"{phase.Name}: {phase.Requests} requests in {phase.Seconds:0.0} s, ";
                Write(requests + string.Join(", ", counts));
                Write(
                    $"  delivery {phase.Delivery.Successes.Kind}, selection {phase.Selection.Kind} "
                        + $"({phase.SelectionSource}, {phase.Selection.Connections} connections)"
                );
                foreach (var p in phase.Pods)
                    Write(
                        $"  {p.Pod.Name} on {p.Pod.Node}{(p.OnClientNode ? " (client's)" : "")}: "
                            + $"ok {p.Ok}, failed {p.Failed}, Hubble {p.HubbleRequests} requests "
                            + $"{p.HubbleOk} ok {p.HubbleServerErrors} 5xx, echo {p.Echo}"
                    );
            }
            foreach (var line in report.Reconciliation)
                Write($"  {line.What}: {line.LeftCount} {line.RightCount}");
            Write(report.Diagnosis.Sentence);
        }
    }
}
