using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.ClusterSetup.Embedded.Api.Access;
using CiliumDebugging.ClusterSetup.Embedded.Kubelet;
using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Scenarios.Measuring;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.ServiceDefaults.Pods;
using k8s;

namespace CiliumDebugging.Bench.Datapath;

/// <summary>The lab with both policies of two-sided-l7, a socket table for each node (so that both proxies pass requests on), one backend, and the client on the other node: every request crosses two proxies.</summary>
internal sealed class LabProxies : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);
    private readonly DotnetProcess _process;

    private LabProxies(DotnetProcess process, Uri url, string client) => (_process, Url, Client) = (process, url, client);

    /// <summary>The Service, by address.</summary>
    public Uri Url { get; }

    /// <summary>The client Pod's address.</summary>
    public string Client { get; }

    public static async Task<LabProxies> StartAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var (token, source) = (LabProcesses.NewApiToken(), new TaskCompletionSource<ClusterCommand.Ready>(TaskCreationOptions.RunContinuationsAsynchronously));
        var environment = new Dictionary<string, string>
        {
            [PodEnvironment.ApiToken] = token,
            [LabProcesses.Kubelet] = "true",
            [LabProcesses.CiliumConfig] = "sandbox-sockets=per-node",
            [LabTopology.EnvironmentVariable] = LabTopology.Create("cluster", workers: 2, clientWorker: 2, backendWorkers: [1]).ToJson(),
        };
        var process = DotnetProcess.Start("ClusterSetup", ["cluster", "--exit-with-stdin"], environment, time, line => { if (ClusterCommand.ParseReady(line) is { } ready) source.TrySetResult(ready); }, keepInputOpen: true);
        try
        {
            var ready = await source.Task.WaitAsync(s_limit, time, cancellationToken);
            using var cluster = ApiClient.Create(ready.ApiUrl, token);
            var scenario = ScenarioCatalog.Load("two-sided-l7");
            var client = await new ClusterView(cluster, scenario.Load).WaitUntilReadyAsync(1, s_limit, time, cancellationToken);
            foreach (var policy in scenario.Steps.OfType<ApplyStep>().SelectMany(s => s.Policies))
                await cluster.CustomObjects.CreateNamespacedCustomObjectAsync(policy.Manifest, policy.Group, policy.Version, policy.Model.Namespace, policy.Plural, cancellationToken: cancellationToken);
            var service = await cluster.CoreV1.ReadNamespacedServiceAsync(scenario.Load.Service, scenario.Load.Namespace, cancellationToken: cancellationToken);
            var url = new UriBuilder(scenario.Load.Url) { Host = service.Spec.ClusterIP, Port = scenario.Load.Url.Port + ready.PortOffset }.Uri;
            return new LabProxies(process, url, client.Status.PodIP);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
