using CiliumDebugging.ClusterSetup.Embedded;
using CiliumDebugging.ClusterSetup.Embedded.Api;
using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.LoadTest.Report;
using k8s;

namespace CiliumDebugging.ClusterSetup.Tests.Embedded.Cluster;

/// <summary>Tests with live clusters run one after the other, and beside no other test: each one needs the whole machine.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LiveClusters
{
    public const string Name = "live clusters";
}

/// <summary>A cluster in this process with its Pods as child processes, and a client of its API.</summary>
internal sealed class LiveLab : IAsyncDisposable
{
    private LiveLab(LabTopology topology, EmbeddedCluster cluster, string token) =>
        (Topology, Cluster, Token, Api) = (topology, cluster, token, ApiClient.Create(cluster.ApiUrl, token));

    public LabTopology Topology { get; }

    public EmbeddedCluster Cluster { get; }

    public string Token { get; }

    public Kubernetes Api { get; }

    public static Task<LiveLab> StartAsync(LabTopology topology, params (string Key, string Value)[] settings) => StartAsync(topology, null, settings);

    public static async Task<LiveLab> StartAsync(LabTopology topology, int? portOffset, params (string Key, string Value)[] settings)
    {
        var token = LabProcesses.NewApiToken();
        var options = new ClusterOptions
        {
            Topology = topology,
            ApiToken = token,
            RunsPods = true,
            PortOffset = portOffset,
            CiliumConfig = settings.ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal),
        };
        return new LiveLab(topology, await EmbeddedCluster.StartAsync(options, cancellationToken: TestContext.Current.CancellationToken), token);
    }

    /// <summary>Runs a scenario against the first Service and writes what it measured to the test's output.</summary>
    public async Task<RunReport> RunAsync(Scenario scenario)
    {
        var backends = Topology.Workloads.Where(w => w.Image is PodImage.Backend).Sum(w => w.Nodes.Length);
        var report = await new ScenarioRunner(Api, TimeProvider.System).RunAsync(scenario, backends, new TestOutput(), TestContext.Current.CancellationToken);
        return report;
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await Cluster.DisposeAsync();
    }

    private sealed class TestOutput : IRunObserver
    {
        private static void Write(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

        public void OnStep(string what) => Write(what);

        public void OnSample(LiveSample sample)
        {
        }

        public void OnReport(RunReport report)
        {
            foreach (var phase in report.Phases)
            {
                Write($"{phase.Name}: {phase.Requests} requests in {phase.Seconds:0.0} s, {string.Join(", ", phase.ByStatus.Select(s => $"{s.Key}: {s.Value}").Concat(phase.Unanswered.Select(u => $"{u.Key}: {u.Value}")))}");
                Write($"  delivery {phase.Delivery.Successes.Kind}, selection {phase.Selection.Kind} ({phase.SelectionSource}, {phase.Selection.Connections} connections)");
                foreach (var p in phase.Pods)
                    Write($"  {p.Pod.Name} on {p.Pod.Node}{(p.OnClientNode ? " (client's)" : "")}: ok {p.Ok}, failed {p.Failed}, Hubble {p.HubbleRequests} requests {p.HubbleOk} 2xx {p.HubbleServerErrors} 5xx, echo {p.Echo}");
            }
            foreach (var line in report.Reconciliation) Write($"  {line.What}: {line.LeftCount} {line.RightCount}");
            Write(report.Diagnosis.Sentence);
        }
    }
}
