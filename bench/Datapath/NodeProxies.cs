using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.ServiceDefaults.Pods;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Bench.Datapath;

/// <summary>The lab with both policies of two-sided-l7, without the stand-in for cilium/cilium#14268 (so
/// that both proxies pass requests on), one backend, and the client on the other node: every request crosses two
/// proxies.</summary>
internal sealed class NodeProxies : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);
    private readonly ClusterProcess _process;
    private readonly DirectoryInfo _folder;

    private NodeProxies(ClusterProcess process, DirectoryInfo folder, Uri url, string client) =>
        (_process, _folder, Url, Client) = (process, folder, url, client);

    /// <summary>The Service, by address.</summary>
    public Uri Url { get; }

    /// <summary>The client Pod's address.</summary>
    public string Client { get; }

    public static async Task<NodeProxies> StartAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>
        {
            [ClusterEnvironment.CiliumConfig] = "sandbox-sockets=per-node",
            [ClusterTopology.EnvironmentVariable] = ClusterTopology
                .Create("cluster", workers: 2, clientWorker: 2, backendWorkers: [1])
                .ToJson(),
        };
        var folder = Directory.CreateTempSubdirectory("lab-proxies-");
        ClusterProcess? process = null;
        try
        {
            process = await ClusterProcess.StartAsync(
                Path.Combine(folder.FullName, "kubeconfig"),
                environment,
                time,
                cancellationToken
            );
            using var cluster = process.Connect();
            var scenario = ScenarioCatalog.Load("two-sided-l7");
            var client = await new ClusterReader(cluster, scenario.Load).WaitUntilReadyAsync(
                1,
                s_limit,
                time,
                cancellationToken
            );
            foreach (var policy in scenario.Steps.OfType<ApplyStep>().SelectMany(s => s.Policies))
                await cluster.CustomObjects.CreateNamespacedCustomObjectAsync(
                    policy.Manifest,
                    policy.Group,
                    policy.Version,
                    policy.Model.Namespace,
                    policy.Plural,
                    cancellationToken: cancellationToken
                );
            var service = await cluster.CoreV1.ReadNamespacedServiceAsync(
                scenario.Load.Service,
                scenario.Load.Namespace,
                cancellationToken: cancellationToken
            );
            var offset = int.Parse(client.GetAnnotation(SandboxContract.PortOffset), CultureInfo.InvariantCulture);
            var url = new UriBuilder(scenario.Load.Url)
            {
                Host = service.Spec.ClusterIP,
                Port = scenario.Load.Url.Port + offset,
            }.Uri;
            return new NodeProxies(process, folder, url, client.Status.PodIP);
        }
        catch
        {
            if (process is not null)
                await process.DisposeAsync();
            folder.Delete(recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
