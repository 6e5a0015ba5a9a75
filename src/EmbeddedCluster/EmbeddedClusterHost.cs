using System.Net;
using System.Net.Sockets;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Sockets;
using CiliumDebugging.EmbeddedCluster.Api;
using CiliumDebugging.EmbeddedCluster.Api.Access;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.EmbeddedCluster.ControlPlane;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;
using CiliumDebugging.EmbeddedCluster.Hubble;
using CiliumDebugging.EmbeddedCluster.Kubelet;
using CiliumDebugging.EmbeddedCluster.Network;
using k8s;
using Microsoft.Extensions.Logging.Abstractions;

namespace CiliumDebugging.EmbeddedCluster;

/// <summary>
/// The embedded cluster: control plane, datapath and the proxies of all nodes in one process; Pods are processes of
/// their own.
/// <list type="number">
/// <item>claims loopback addresses and finds ports that can be listened on;</item>
/// <item>starts the datapath;</item>
/// <item>starts the Kubernetes API and creates the cluster's objects through it;</item>
/// <item>runs the controllers: workloads, scheduler, agents, pod network with the kubelets, EndpointSlices.</item>
/// </list>
/// </summary>
public sealed partial class EmbeddedClusterHost : IAsyncDisposable
{
    private static readonly TimeSpan s_pauseAfterFault = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly AsyncDisposables _parts = new();
    private readonly List<Task> _running = [];
    private readonly ClusterOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _log;

    private EmbeddedClusterHost(ClusterOptions options, PortPlan ports, ILoggerFactory loggers)
    {
        (_options, _loggers, _log) = (options, loggers, loggers.CreateLogger("cluster"));
        (PortOffset, Notice) = (ports.Offset, ports.Notice);
    }

    public Uri ApiUrl { get; private set; } = null!;

    /// <summary>The authority that signed the API's certificate, PEM; null for plain HTTP.</summary>
    public string? AuthorityPem { get; private set; }

    public string ApiToken => _options.ApiToken;

    /// <summary>What is added to every port where it is listened on.</summary>
    public int PortOffset { get; }

    internal LiveDatapath Datapath { get; private set; } = null!;

    /// <summary>
    /// What the user should know: a port that was taken, by whom, and what is used instead. Null when there is nothing.
    /// </summary>
    public string? Notice { get; }

    /// <exception cref="ClusterStartException">Settings or ports do not allow it.</exception>
    public static async Task<EmbeddedClusterHost> StartAsync(
        ClusterOptions options,
        ILoggerFactory? loggers = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        var config = Settings(options);
        // 1. addresses and ports
        var addresses = AddressBlocks.Claim();
        PortPlan ports;
        try
        {
            ports = PortPlan.Make(options, addresses);
        }
        catch
        {
            addresses.Dispose();
            throw;
        }
        var cluster = new EmbeddedClusterHost(options, ports, loggers ?? NullLoggerFactory.Instance);
        cluster._parts.Add(addresses);
        try
        {
            await cluster.StartPartsAsync(config, addresses, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private async Task StartPartsAsync(
        CiliumConfig config,
        AddressBlocks addresses,
        CancellationToken cancellationToken
    )
    {
        var (topology, time) = (_options.Topology, _options.Time);
        // 2. the datapath
        var shared = new SocketTable();
        var sockets = () => config.Sockets is SocketScope.Shared ? shared : new SocketTable();
        var nodes = topology
            .Nodes.Select((n, i) => new NodeDatapath(n.Name, addresses.Node(i), config, sockets(), zone: n.Zone))
            .ToList();
        var datapath = Datapath = _parts.Add(
            await LiveDatapath.StartAsync(
                new ForwardingPath(nodes),
                PortOffset,
                TcpEndpoint.ToIPAddress(addresses.Link),
                time,
                _options.Random,
                _loggers,
                cancellationToken
            )
        );
        var metrics = nodes.ToDictionary(
            n => n.Address,
            n => (Func<HubbleMetrics>)(() => datapath.Proxy(n.Name).Hubble)
        );
        var metricsPort = CiliumNames.HubbleMetricsPort + PortOffset;
        _parts.Add(await HubbleServer.StartAsync(metrics, metricsPort, _loggers, cancellationToken));
        // 3. the API and the first objects
        var store = new ObjectStore(time);
        ClusterAdmission.Register(store, addresses, () => datapath.Release);
        PodNetworkController? network = null;
        var outputs = new PodOutputs((ns, pod) => network?.Find(ns, pod)?.Metadata.Uid);
        var certificate = _options.ApiTls ? _parts.Add(ServingCertificate.Generate(time, IPAddress.Loopback)) : null;
        AuthorityPem = certificate?.AuthorityPem;
        var apiOptions = new ApiServerOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Token = ApiToken,
            Certificate = certificate,
            Time = time,
            PodProxy = new PodProxy((ns, pod) => network?.Find(ns, pod), datapath),
            PodLogs = outputs,
        };
        ApiUrl = _parts.Add(await ApiServer.StartAsync(apiOptions, store, _loggers, cancellationToken)).Address;
        var api = _parts.Add(ApiClient.Create(ApiUrl, ApiToken, AuthorityPem, "kube-controller-manager"));
        await ClusterObjects.CreateAsync(api, _options, config.Version, addresses, cancellationToken);
        // 4. the controllers, and with them the Pods
        var (cache, events) = (new ClusterCache(api, time), new EventRecorder(api, time));
        var runtime = new ContainerRuntime(ApiUrl, ApiToken, AuthorityPem, outputs, time);
        var starts = _parts.Add(new StartTurns(StartTurns.DefaultCount));
        var kubelet = new KubeletContext(runtime, starts, events, time, _loggers.CreateLogger("kubelet"));
        network = _parts.Add(new PodNetworkController(api, cache, addresses, datapath, topology, kubelet));
        var agents = new AgentController(api, cache, datapath, shared, events, time);
        await RunControllersAsync(api, cache, events, network, agents, cancellationToken);
    }

    private async Task RunControllersAsync(
        Kubernetes api,
        ClusterCache cache,
        EventRecorder events,
        PodNetworkController network,
        AgentController agents,
        CancellationToken cancellationToken
    )
    {
        var time = _options.Time;
        var snapshots = new SnapshotBuilder();
        List<Reconciler> reconcilers = [];
        Reconciler Loop(string name, Func<CancellationToken, Task> work, params IEnumerable<IInformer> sources)
        {
            var loop = _parts.Add(new Reconciler(work, time, _loggers.CreateLogger(name)));
            foreach (var source in sources)
                source.Changed += loop.Trigger;
            reconcilers.Add(loop);
            return loop;
        }
        var deployments = new DeploymentController(api, cache, events, time);
        Loop("deployments", deployments.ReconcileAsync, cache.Deployments, cache.ReplicaSets);
        var replicaSets = new ReplicaSetController(api, cache, events);
        Loop("replicasets", replicaSets.ReconcileAsync, cache.ReplicaSets, cache.Pods);
        var daemonSets = new DaemonSetController(api, cache, events);
        Loop("daemonsets", daemonSets.ReconcileAsync, cache.DaemonSets, cache.Pods, cache.Nodes);
        Loop("jobs", new JobController(api, cache, events, time).ReconcileAsync, cache.Jobs, cache.Pods);
        Loop("scheduler", new Scheduler(api, cache, events, time).ReconcileAsync, cache.Pods, cache.Nodes);
        Loop("agents", agents.ReconcileAsync, cache.Pods);
        Loop("pod-network", network.ReconcileAsync, cache.Pods);
        var slices = new EndpointSliceController(api, cache, _options.Topology, events);
        Loop("endpointslices", slices.ReconcileAsync, cache.Services, cache.Pods, cache.EndpointSlices);
        var older = new EndpointsController(api, cache, events);
        Loop("endpoints", older.ReconcileAsync, cache.Services, cache.EndpointSlices, cache.Endpoints);
        var accounts = new ServiceAccountController(api, cache, events);
        Loop("serviceaccounts", accounts.ReconcileAsync, cache.Namespaces, cache.ServiceAccounts);
        var endpoints = Loop("ciliumendpoints", new CiliumEndpointController(api, cache, Datapath).ReconcileAsync);
        var history = new EndpointHistory(time);
        Reconciler? paths = null;
        var later = _parts.Add(
            time.CreateTimer(_ => paths?.Trigger(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan)
        );
        paths = Loop(
            "datapath",
            async stop =>
            {
                var known = history.Known([.. cache.EndpointSlices.Objects.Values], Datapath.EndpointLag, out var next);
                if (next is { } due)
                    later.Change(due, Timeout.InfiniteTimeSpan);
                Datapath.Cluster = snapshots.Build(cache, Datapath.Release, known);
                endpoints.Trigger();
                await ListenAsync(Datapath, stop);
            },
            [cache.Namespaces, cache.Pods, cache.Services, cache.EndpointSlices, cache.CidrGroups, .. cache.Policies]
        );
        foreach (var watch in cache.Loops)
            Keep("watch", watch);
        Keep("events", events.RunAsync);
        await cache.Synced.WaitAsync(cancellationToken);
        _running.AddRange(reconcilers.Select(r => r.RunAsync(_stop.Token)));
        reconcilers.ForEach(r => r.Trigger());
        Keep("leases", new NodeLeases(api, cache, time).RunAsync);
    }

    /// <summary>Runs a loop until the cluster stops; after an unexpected fault, which is logged, once more.</summary>
    private void Keep(string name, Func<CancellationToken, Task> loop)
    {
        _running.Add(KeepAsync());

        async Task KeepAsync()
        {
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    await loop(_stop.Token);
                }
                catch (Exception e)
                {
                    if (_stop.IsCancellationRequested)
                        return;
                    LoopFailed(_log, name, e);
                    await Task.Delay(s_pauseAfterFault, _options.Time, _stop.Token)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the loop {Name} of the embedded cluster failed and starts again")]
    private static partial void LoopFailed(ILogger log, string name, Exception exception);

    /// <summary>Listens on the Services' addresses. One that cannot be listened on keeps no other waiting.</summary>
    private static Task ListenAsync(LiveDatapath datapath, CancellationToken cancellationToken)
    {
        var services = datapath.Cluster.Services;
        var nodePorts = services.NodePorts.SelectMany(f =>
            datapath.Path.Nodes.Select(n => new TcpEndpoint(n.Address, f.Frontend.Port))
        );
        var addresses = services.Frontends.Select(f => f.Frontend).Concat(nodePorts);
        return Reconciler.EachAsync(addresses, Listen, cancellationToken);

        Task Listen(TcpEndpoint address)
        {
            try
            {
                datapath.Listen(address);
                return Task.CompletedTask;
            }
            catch (SocketException e)
            {
                var remedy =
                    e.SocketErrorCode is SocketError.AccessDenied
                        ? "; ports below 1024 are root's: give the Service another one"
                        : "";
                throw new InvalidOperationException(
                    $"the Service at {address} cannot be reached, because this process cannot listen there: "
                        + e.Message
                        + remedy,
                    e
                );
            }
        }
    }

    private static CiliumConfig Settings(ClusterOptions options)
    {
        try
        {
            return CiliumConfig.Parse(options.CiliumConfig);
        }
        catch (FormatException e)
        {
            throw new ClusterStartException(e.Message);
        }
    }

    /// <summary>Stops everything: the Pods first, then the controllers, the API and the datapath.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        try
        {
            await Task.WhenAll(_running);
        }
        finally
        {
            await _parts.DisposeAsync();
            _stop.Dispose();
        }
    }
}
