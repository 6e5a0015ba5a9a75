using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Monitoring;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Contract;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Bench.Prometheus;

/// <summary>
/// The embedded cluster with all its processes and a real Prometheus that scrapes it with the shipped configuration,
/// both ready; gone when disposed.
/// </summary>
internal sealed class MonitoredLab : IAsyncDisposable
{
    private static readonly TimeSpan s_readyLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_readingInterval = TimeSpan.FromSeconds(1);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("lab-prometheus-");
    private ClusterProcess? _process;
    private Kubernetes? _cluster;
    private PrometheusServer? _prometheus;

    private MonitoredLab() { }

    /// <summary>The cluster's API.</summary>
    public Kubernetes Cluster => _cluster!;

    /// <summary>A kubeconfig for it, readable by its owner only.</summary>
    public string Kubeconfig => Path.Combine(_directory.FullName, "kubeconfig");

    /// <summary>Prometheus.</summary>
    public PrometheusServer Prometheus => _prometheus!;

    /// <summary>The scenario whose load and policies are used.</summary>
    public Scenario Scenario { get; } = ScenarioCatalog.Load("two-sided-l7");

    /// <summary>What the runner sees of the cluster.</summary>
    public ClusterReader View { get; private set; } = null!;

    /// <summary>The load-test Pod.</summary>
    public V1Pod Client { get; private set; } = null!;

    /// <summary>Targets of Prometheus, all of them up when this was made.</summary>
    public int Targets { get; private set; }

    /// <summary>Starts cluster and Prometheus, and waits until every target is up.</summary>
    /// <param name="portOffset">Added to every port the cluster listens on.</param>
    /// <param name="config">The scrape configuration.</param>
    /// <param name="time">Time source.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<MonitoredLab> StartAsync(
        int portOffset,
        FileInfo config,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var lab = new MonitoredLab();
        try
        {
            var environment = new Dictionary<string, string>
            {
                [ClusterEnvironment.PortOffset] = portOffset.ToString(CultureInfo.InvariantCulture),
            };
            lab._process = await ClusterProcess.StartAsync(lab.Kubeconfig, environment, time, cancellationToken);
            lab._cluster = lab._process.Connect();
            lab.View = new ClusterReader(lab.Cluster, lab.Scenario.Load);
            lab.Client = await lab.View.WaitUntilReadyAsync(
                ClusterTopology.Default.Workloads[0].Nodes.Length,
                s_readyLimit,
                time,
                cancellationToken
            );
            lab._prometheus = await PrometheusServer.StartAsync(
                lab._directory.FullName,
                await lab.ConfigureAsync(config, cancellationToken),
                time,
                cancellationToken
            );
            lab.Targets = await lab.WaitForTargetsAsync(time, cancellationToken);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>The load test's control interface.</summary>
    public LoadTestClient LoadTest => new(View.Proxy, Client.Namespace(), Client.Name());

    /// <summary>Starts the scenario's load at another rate.</summary>
    public Task<AttackState> StartLoadAsync(double rate, CancellationToken cancellationToken) =>
        LoadTest.StartAsync(
            new AttackOrder(Scenario.Load.Url, rate, Scenario.Load.Method, Scenario.Load.Body),
            cancellationToken
        );

    /// <summary>Creates the policies of a step.</summary>
    public async Task ApplyAsync(ApplyStep step, CancellationToken cancellationToken)
    {
        foreach (var policy in step.Policies)
            await Cluster.CustomObjects.CreateNamespacedCustomObjectAsync(
                policy.Manifest,
                policy.Group,
                policy.Version,
                policy.Model.Namespace,
                policy.Plural,
                cancellationToken: cancellationToken
            );
    }

    /// <summary>
    /// The shipped configuration with the one line of discovery of each job replaced: Debian's Prometheus knows no
    /// kubernetes_sd_configs.
    /// </summary>
    private async Task<string> ConfigureAsync(FileInfo config, CancellationToken cancellationToken)
    {
        var lines = await File.ReadAllLinesAsync(config.FullName, cancellationToken);
        var path = Path.Combine(_directory.FullName, "prometheus.yml");
        await File.WriteAllLinesAsync(
            path,
            lines.Select(l =>
                l.TrimStart().StartsWith("kubernetes_sd_configs:", StringComparison.Ordinal)
                    ? "    file_sd_configs: [{files: [targets.json]}]"
                    : l
            ),
            cancellationToken
        );
        await File.WriteAllTextAsync(
            Path.Combine(_directory.FullName, "targets.json"),
            await PrometheusTargets.ReadAsync(Cluster, cancellationToken),
            cancellationToken
        );
        return path;
    }

    private async Task<int> WaitForTargetsAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var expected = ClusterTopology.Default.Nodes.Length + ClusterTopology.Default.Workloads[0].Nodes.Length;
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < s_readyLimit)
        {
            var up = await Prometheus.AtAsync(
                "sum(up)",
                (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds,
                cancellationToken
            );
            if (up.Count > 0 && up[0].Points[0].Value == expected)
                return expected;
            await Task.Delay(s_readingInterval, time, cancellationToken);
        }
        throw new TimeoutException($"after {s_readyLimit.TotalSeconds:0} s not all of {expected} targets are up");
    }

    public async ValueTask DisposeAsync()
    {
        if (_prometheus is not null)
            await _prometheus.DisposeAsync();
        _cluster?.Dispose();
        if (_process is not null)
            await _process.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
