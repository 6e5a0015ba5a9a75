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
/// The embedded cluster: control plane, datapath and the proxies of all nodes in one process; Pods are processes of their own.
/// <list type="number">
/// <item>claims loopback addresses and finds ports that can be listened on;</item>
/// <item>starts the datapath;</item>
/// <item>starts the Kubernetes API and creates the cluster's objects through it;</item>
/// <item>runs the controllers: workloads, scheduler, agents, pod network with the kubelets, EndpointSlices.</item>
/// </list>
/// </summary>
public sealed class EmbeddedClusterHost : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly AsyncDisposables _parts = new();
    private readonly List<Task> _running = [];

    private EmbeddedClusterHost(Uri apiUrl, string apiToken, int portOffset, string? notice) =>
        (ApiUrl, ApiToken, PortOffset, Notice) = (apiUrl, apiToken, portOffset, notice);

    /// <summary>URL of the Kubernetes API.</summary>
    public Uri ApiUrl { get; private set; }

    /// <summary>The authority that signed the API's certificate, PEM; null for plain HTTP.</summary>
    public string? AuthorityPem { get; private set; }

    /// <summary>Bearer token of the API.</summary>
    public string ApiToken { get; }

    /// <summary>What is added to every port where it is listened on.</summary>
    public int PortOffset { get; }

    /// <summary>The datapath, for tests.</summary>
    internal LiveDatapath Datapath { get; private set; } = null!;

    /// <summary>What the user should know: a port that was taken, by whom, and what is used instead. Null when there is nothing.</summary>
    public string? Notice { get; }

    /// <summary>Starts a cluster.</summary>
    /// <exception cref="ClusterStartException">Settings or ports do not allow it.</exception>
    public static async Task<EmbeddedClusterHost> StartAsync(
        ClusterOptions options,
        ILoggerFactory? loggers = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        loggers ??= NullLoggerFactory.Instance;
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
        var cluster = new EmbeddedClusterHost(
            new Uri("http://127.0.0.1/"),
            options.ApiToken,
            ports.Offset,
            ports.Notice
        );
        cluster._parts.Add(addresses);
        try
        {
            await cluster.StartPartsAsync(options, config, addresses, loggers, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private async Task StartPartsAsync(
        ClusterOptions options,
        CiliumConfig config,
        AddressBlocks addresses,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        var (topology, time) = (options.Topology, options.Time);
        // 2. the datapath
        var shared = new SocketTable();
        var nodes = topology
            .Nodes.Select(
                (n, i) =>
                    new NodeDatapath(
                        n.Name,
                        addresses.Node(i),
                        config,
                        config.Sockets is SocketScope.Shared ? shared : new SocketTable(),
                        zone: n.Zone
                    )
            )
            .ToList();
        var datapath = Datapath = _parts.Add(
            await LiveDatapath.StartAsync(
                new ForwardingPath(nodes),
                PortOffset,
                TcpEndpoint.ToIPAddress(addresses.Link),
                time,
                options.Random,
                cancellationToken
            )
        );
        _parts.Add(
            await HubbleServer.StartAsync(
                nodes.ToDictionary(n => n.Address, n => (Func<HubbleMetrics>)(() => datapath.Proxy(n.Name).Hubble)),
                CiliumNames.HubbleMetricsPort + PortOffset,
                cancellationToken
            )
        );
        // 3. the API and the first objects
        var store = new ObjectStore(time);
        ClusterAdmission.Register(store, addresses);
        PodNetworkController? network = null;
        var outputs = new PodOutputs((ns, pod) => network?.Find(ns, pod)?.Metadata.Uid);
        var certificate = options.ApiTls
            ? _parts.Add(ServingCertificate.Generate(time, System.Net.IPAddress.Loopback))
            : null;
        AuthorityPem = certificate?.AuthorityPem;
        var server = _parts.Add(
            await ApiServer.StartAsync(
                new ApiServerOptions
                {
                    Listen = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),
                    Token = options.ApiToken,
                    Certificate = certificate,
                    Time = time,
                    PodProxy = new PodProxy((ns, pod) => network?.Find(ns, pod), datapath),
                    PodLogs = outputs,
                },
                store,
                loggers,
                cancellationToken
            )
        );
        ApiUrl = server.Address;
        var api = _parts.Add(ApiClient.Create(ApiUrl, options.ApiToken, AuthorityPem));
        await ClusterObjects.CreateAsync(api, options, config.Version, addresses, cancellationToken);
        // 4. the controllers, and with them the Pods
        network = await StartControllersAsync(
            options,
            api,
            addresses,
            datapath,
            shared,
            outputs,
            loggers,
            cancellationToken
        );
    }

    private async Task<PodNetworkController> StartControllersAsync(
        ClusterOptions options,
        Kubernetes api,
        AddressBlocks addresses,
        LiveDatapath datapath,
        SocketTable shared,
        PodOutputs outputs,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        var time = options.Time;
        var cache = new ClusterCache(api, time);
        var events = new EventRecorder(api, time);
        var runtime = new ContainerRuntime(ApiUrl, options.ApiToken, AuthorityPem, outputs, time);
        var network = _parts.Add(
            new PodNetworkController(
                api,
                cache,
                addresses,
                datapath,
                options.Topology,
                options.ApiToken,
                time,
                runtime,
                outputs,
                events,
                loggers.CreateLogger("kubelet")
            )
        );
        var snapshots = new SnapshotBuilder();
        Reconciler Loop(string name, Func<CancellationToken, Task> work, params IEnumerable<IInformer> sources)
        {
            var loop = _parts.Add(new Reconciler(work, time, loggers.CreateLogger(name)));
            foreach (var source in sources)
                source.Changed += loop.Trigger;
            return loop;
        }
        var endpoints = Loop("ciliumendpoints", new CiliumEndpointController(api, cache, datapath).ReconcileAsync);
        List<Reconciler> reconcilers =
        [
            Loop(
                "deployments",
                new DeploymentController(api, cache, events, time).ReconcileAsync,
                cache.Deployments,
                cache.ReplicaSets
            ),
            Loop(
                "replicasets",
                new ReplicaSetController(api, cache, events).ReconcileAsync,
                cache.ReplicaSets,
                cache.Pods
            ),
            Loop(
                "daemonsets",
                new DaemonSetController(api, cache, events).ReconcileAsync,
                cache.DaemonSets,
                cache.Pods,
                cache.Nodes
            ),
            Loop("jobs", new JobController(api, cache, events, time).ReconcileAsync, cache.Jobs, cache.Pods),
            Loop("scheduler", new Scheduler(api, cache, events).ReconcileAsync, cache.Pods, cache.Nodes),
            Loop("agents", new AgentController(api, cache, datapath, shared, events, time).ReconcileAsync, cache.Pods),
            Loop("pod-network", network.ReconcileAsync, cache.Pods),
            Loop(
                "endpointslices",
                new EndpointSliceController(api, cache, options.Topology).ReconcileAsync,
                cache.Services,
                cache.Pods,
                cache.EndpointSlices
            ),
            endpoints,
            Loop(
                "datapath",
                async ct =>
                {
                    datapath.Cluster = snapshots.Build(cache);
                    endpoints.Trigger();
                    await ListenAsync(datapath, ct);
                },
                [cache.Namespaces, cache.Pods, cache.Services, cache.EndpointSlices, .. cache.Policies]
            ),
        ];
        _running.Add(cache.RunAsync(_stop.Token));
        _running.Add(events.RunAsync(_stop.Token));
        await cache.Synced.WaitAsync(cancellationToken);
        _running.AddRange(reconcilers.Select(r => r.RunAsync(_stop.Token)));
        reconcilers.ForEach(r => r.Trigger());
        _running.Add(new NodeLeases(api, cache, time).RunAsync(_stop.Token));
        return network;
    }

    /// <summary>Listens on the Services' addresses. One that cannot be listened on keeps no other waiting.</summary>
    private static Task ListenAsync(LiveDatapath datapath, CancellationToken cancellationToken)
    {
        var services = datapath.Cluster.Services;
        var addresses = services
            .Frontends.Select(f => f.Frontend)
            .Concat(
                services.NodePorts.SelectMany(f =>
                    datapath.Path.Nodes.Select(n => new TcpEndpoint(n.Address, f.Frontend.Port))
                )
            );
        return Reconciler.EachAsync(
            addresses,
            address =>
            {
                try
                {
                    datapath.Listen(address);
                }
                catch (SocketException e)
                {
                    var remedy =
                        e.SocketErrorCode is SocketError.AccessDenied
                            ? "; ports below 1024 are root's: give the Service another one"
                            : "";
                    throw new InvalidOperationException(
                        $"nobody can reach the Service at {address}, because this process cannot listen there: {e.Message}{remedy}",
                        e
                    );
                }
                return Task.CompletedTask;
            },
            cancellationToken
        );
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
