using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Datapath.Sockets;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Lab.Simulation;

/// <summary>
/// The simulated cluster's state, as the control plane gives it to the datapath: nodes, Pods, Service and policies.
/// Not thread-safe.
/// </summary>
internal sealed class SimulatedCluster
{
    private const uint FirstPod = 0x0A00_0001,
        FirstClient = 0x0B00_0001,
        FirstNode = 0xAC12_0001,
        FirstStranger = 0xCB00_7101;
    private const ushort NodePort = 30_080;

    /// <summary>First id of the endpoints of EndpointSlices of its own; those of Pods count from 1.</summary>
    private const int FirstOwnId = 0x4000_0000;
    private readonly IdentityTable _identities = new();
    private readonly WorkloadSpec _backend;
    private readonly EndpointIdentity _backendIdentity;
    private readonly List<SimulatedPod> _pods = [];
    private readonly Dictionary<uint, PodEntry> _entries = [];
    private readonly List<ServiceBackend> _ready = [];
    private readonly Dictionary<string, ImmutableArray<ServiceBackend>> _slices = new(StringComparer.Ordinal);
    private readonly List<NetworkPolicyModel> _policies = [];
    private readonly List<PolicyProblem> _notes = [];
    private readonly PolicyReferences _references;
    private readonly CiliumVersion _release;
    private readonly Dictionary<string, string?> _zones;
    private readonly ushort _port;
    private readonly bool _outside;
    private readonly Dictionary<string, uint> _workers;
    private ServiceTraits _traits = ServiceTraits.None;
    private ServiceTraits _external = ServiceTraits.None;
    private (string Name, TcpEndpoint Port)[] _entrances = [];
    private int _nextOwnId = FirstOwnId;

    public SimulatedCluster(SimulationOptions options, CiliumConfig config, Scenario scenario)
    {
        var load = scenario.Load;
        (_port, _outside, _release) = ((ushort)load.Url.Port, options.Outside, config.Version);
        var topology = Topology(options, scenario.Topology, _port);
        _backend = topology.Workloads.FirstOrDefault(w => w.Name == load.Service && w.Namespace == load.Namespace)
            ?? throw new ScenarioException(
                $"load.url: the simulated cluster has no Service {load.Namespace}/{load.Service}; it has "
                    + string.Join(", ", topology.Services.Select(s => $"{s.Namespace}/{s.Name}"))
            );
        _references = new PolicyReferences(
            [],
            [.. topology.Services.Select(s => new ReferencedService(s.Namespace, s.Name, [], s.Selector, []))]
        );
        _backendIdentity = _identities.Pod(_backend.Namespace, _backend.Labels);
        _zones = topology.Nodes.ToDictionary(n => n.Name, n => n.Zone, StringComparer.Ordinal);
        var shared = new SocketTable();
        Path = new ForwardingPath(
            topology.Nodes.Select(
                (n, i) =>
                    new NodeDatapath(
                        n.Name,
                        FirstNode + (uint)i,
                        config,
                        config.Sockets is SocketScope.Shared ? shared : new SocketTable(),
                        isShared: false,
                        _zones[n.Name]
                    )
            )
        );
        Service = new TcpEndpoint(0xC0A8_0001, _port);
        var client = topology.Workloads.First(w => w.Image is PodImage.LoadTest);
        var clientIdentity = _identities.Pod(client.Namespace, client.Labels);
        var workers = topology.Nodes.Where(n => !n.ControlPlane).Select(n => n.Name).ToList();
        var place = workers.IndexOf(client.Nodes[0]);
        _workers = topology
            .Nodes.Select((n, i) => (n.Name, n.ControlPlane, Address: FirstNode + (uint)i))
            .Where(n => !n.ControlPlane)
            .ToDictionary(n => n.Name, n => n.Address, StringComparer.Ordinal);
        Clients =
        [
            .. Enumerable.Range(0, options.Clients).Select(i => (_outside ? FirstStranger : FirstClient) + (uint)i),
        ];
        for (var i = 0; i < Clients.Length && !_outside; i++)
            _entries[Clients[i]] = new PodEntry(
                client.Namespace,
                $"{client.Name}-{i}",
                workers[(place + workers.Count - i % workers.Count) % workers.Count],
                Clients[i],
                $"client-{i}",
                clientIdentity
            );
        ClientNode = client.Nodes[0];
        foreach (var node in _backend.Nodes)
            AddPod(node);
        Snapshot = Build();
    }

    /// <summary>The scenario's nodes, zones and places, as far as the options do not replace them.</summary>
    private static ClusterTopology Topology(SimulationOptions options, ScenarioTopology scenario, ushort port)
    {
        var nodes = options.Nodes ?? scenario.Workers;
        var isScenarios = options.Nodes is null;
        var topology = ClusterTopology.Create(
            "cluster",
            nodes,
            isScenarios ? scenario.ClientWorker : 0,
            isScenarios && options.Pods is null && !scenario.BackendWorkers.IsEmpty
                ? scenario.BackendWorkers
                : [.. Enumerable.Range(0, options.Pods ?? nodes).Select(i => i % nodes + 1)],
            port
        );
        return topology with { Nodes = [.. topology.Nodes.Select((n, i) => n with { Zone = Zone(n, i - 1) })] };

        string? Zone(NodeSpec node, int worker) =>
            node.ControlPlane ? null
            : options.Zones is { } zones ? (zones == 0 ? null : $"zone-{worker % zones + 1}")
            : isScenarios && !scenario.Zones.IsEmpty ? scenario.Zones[worker]
            : null;
    }

    /// <summary>The core that decides.</summary>
    public ForwardingPath Path { get; }

    /// <summary>What the agents know.</summary>
    public ClusterSnapshot Snapshot { get; private set; }

    /// <summary>The load's Service.</summary>
    public TcpEndpoint Service { get; }

    /// <summary>What a connection dials: the Service, or from outside the node port of a node, in turn.</summary>
    /// <param name="number">Number of the connection.</param>
    public TcpEndpoint Destination(long number) =>
        _entrances.Length == 0 ? Service : _entrances[number % _entrances.Length].Port;

    /// <summary>Addresses of the clients.</summary>
    public ImmutableArray<uint> Clients { get; }

    /// <summary>Node of the first client.</summary>
    public string ClientNode { get; }

    /// <summary>What the policies that were applied mean that their text does not say, one line each.</summary>
    public ImmutableArray<string> Notes => [.. PolicyNotes.Lines(_notes)];

    /// <summary>All backend Pods there have been.</summary>
    public IReadOnlyList<SimulatedPod> Pods => _pods;

    /// <summary>Positions of the ready ones.</summary>
    public IEnumerable<int> Ready => _ready.Select(b => IndexOf(b.Address.Address));

    /// <summary>Position of the Pod with an address; negative or beyond the end for anything else.</summary>
    public static int IndexOf(uint address) => (int)(address - FirstPod);

    /// <summary>Applies policies.</summary>
    public void Apply(IEnumerable<PolicyManifest> policies)
    {
        foreach (var policy in policies)
        {
            _policies.RemoveAll(p => Same(p, policy.Model));
            var (model, notes) = policy.ReadFor(_release);
            _policies.Add(model);
            _notes.AddRange(notes);
        }
        Snapshot = Build();
    }

    /// <summary>Deletes policies.</summary>
    public void Delete(IEnumerable<PolicyManifest> policies)
    {
        foreach (var policy in policies)
            _policies.RemoveAll(p => Same(p, policy.Model));
        Snapshot = Build();
    }

    /// <summary>
    /// The share of the connections that each Pod should get by the Service's rules. The clients share the rate
    /// equally. A client's part is shared by the backends that are eligible for its node (internalTrafficPolicy
    /// Local) or zone. Null with session affinity, which draws once for each client.
    /// </summary>
    public double[]? Spread()
    {
        if (_traits.AffinityTicks is not null || _ready.Count == 0)
            return null;
        var shares = new double[_pods.Count];
        var service = (_outside ? Snapshot.Services.NodePorts : Snapshot.Services.Frontends).Single();
        foreach (var (name, _) in _entrances)
            Share(name, 1.0 / _entrances.Length);
        if (_outside)
            return shares;
        foreach (var clients in Clients.GroupBy(c => _entries[c].NodeName, StringComparer.Ordinal))
            Share(clients.Key, (double)clients.Count() / Clients.Length);
        return shares;

        void Share(string node, double part)
        {
            var group = service
                .GroupFor(NodeNumbers.Of(node), _zones[node], Path.Node(node)!.Config.ZonePreference)
                .Backends;
            foreach (var backend in group)
                if (IndexOf(backend.Address.Address) is var pod && (uint)pod < (uint)shares.Length)
                    shares[pod] += part / group.Length;
        }
    }

    /// <summary>Changes the Service's spec.</summary>
    public void Change(ServiceStep step)
    {
        var read = ServiceTraits.Read(
            step.SessionAffinity,
            step.AffinitySeconds,
            step.InternalTrafficPolicy,
            step.TrafficDistribution
        );
        _traits = new ServiceTraits(
            step.InternalTrafficPolicy is null && step.TrafficDistribution is null ? _traits.Locality : read.Locality,
            step.SessionAffinity is null ? _traits.AffinityTicks : read.AffinityTicks
        );
        _external = new ServiceTraits(
            step.ExternalTrafficPolicy is { } policy
                ? ServiceTraits.ReadExternal(null, null, policy).Locality
                : _external.Locality,
            _traits.AffinityTicks
        );
        Snapshot = Build();
    }

    /// <summary>Gives the Service an EndpointSlice of its own.</summary>
    public void Apply(EndpointSliceStep step)
    {
        _slices[step.Slice] =
        [
            .. step.Addresses.Select(address => new ServiceBackend(
                _nextOwnId++,
                new TcpEndpoint(TcpEndpoint.AddressOf(IPAddress.Parse(address)), _port)
            )),
        ];
        Snapshot = Build();
    }

    /// <summary>Deletes a backend Pod; returns its position.</summary>
    public int DeletePod(PodPlace place)
    {
        var victim = Ready
            .Cast<int?>()
            .FirstOrDefault(i =>
                place switch
                {
                    PodPlace.ClientNode => _pods[i!.Value].Node == ClientNode,
                    PodPlace.OtherNode => _pods[i!.Value].Node != ClientNode,
                    _ => true,
                }
            )
            ?? throw new ScenarioException(
                $"deletePod: no backend pod is on "
                    + (place is PodPlace.ClientNode ? ClientNode : $"another node than {ClientNode}")
            );
        _ready.RemoveAll(b => IndexOf(b.Address.Address) == victim);
        _entries.Remove(FirstPod + (uint)victim);
        Snapshot = Build();
        return victim;
    }

    /// <summary>Creates the replacement of a deleted Pod, on its node; returns its position.</summary>
    public int ReplacePod(int deleted)
    {
        AddPod(_pods[deleted].Node);
        Snapshot = Build();
        return _pods.Count - 1;
    }

    private void AddPod(string node)
    {
        var index = _pods.Count;
        var address = FirstPod + (uint)index;
        var pod = new SimulatedPod($"{_backend.Name}-{index}", node);
        _pods.Add(pod);
        _entries[address] = new PodEntry(_backend.Namespace, pod.Name, node, address, pod.Name, _backendIdentity);
        _ready.Add(new ServiceBackend(index + 1, new TcpEndpoint(address, _port), NodeNumbers.Of(node), _zones[node]));
    }

    private ClusterSnapshot Build()
    {
        // An address in several slices is one endpoint.
        ImmutableArray<ServiceBackend> backends =
        [
            .. _ready.Concat(_slices.Values.SelectMany(s => s)).DistinctBy(b => b.Address),
        ];
        ServiceFrontend[] frontends =
        [
            new(Service, backends, _traits),
            new(new TcpEndpoint(0, NodePort), backends, _external),
        ];
        if (_outside)
        {
            var local =
                _external.Locality is BackendLocality.NodeOnly
                    ? _ready.Select(b => _pods[IndexOf(b.Address.Address)].Node).ToHashSet(StringComparer.Ordinal)
                    : null;
            _entrances =
            [
                .. _workers
                    .Where(w => local?.Contains(w.Key) ?? true)
                    .Select(w => (w.Key, new TcpEndpoint(w.Value, NodePort))),
            ];
        }
        return new ClusterSnapshot(
            _entries.ToFrozenDictionary(),
            new ServiceTable(frontends),
            PolicySet.Create(_policies, _identities, references: _references),
            _identities
        );
    }

    private static bool Same(NetworkPolicyModel a, NetworkPolicyModel b) =>
        a.Kind == b.Kind && a.Namespace == b.Namespace && a.Name == b.Name;
}
