using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// Reads a Service and all that determines its expected shares, with <c>get</c> and <c>list</c> only.
/// </summary>
internal sealed class ServiceObjects
{
    /// <summary>
    /// Most requests of a reading, without the lookup of clients: Service, EndpointSlices (a second one before
    /// Kubernetes 1.21), Pods, agents (a second one while none is found), three kinds of policies, namespaces.
    /// </summary>
    public const int RequestsPerReading = 10;

    /// <summary>Nodes, settings and the release of the agents.</summary>
    private const int RequestsPerSlowReading = 3;
    private const int DefaultHubblePort = 9965;

    /// <summary>Settings and nodes do not change the meaning of a count: they are read again after this time.</summary>
    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(30);

    private readonly ObserveOptions _options;
    private readonly RequestBudget _budget;
    private readonly TimeProvider _time;
    private readonly ApiReader _api;
    private readonly ClientPods _clients;
    private ClusterKind _kind;
    private readonly PodProxyClient _proxy;
    private string _agentNamespace = CiliumNames.SystemNamespace;
    private CiliumVersion? _release;
    private Dictionary<string, string> _zones = [];
    private List<V1Node> _nodes = [];
    private ImmutableSortedDictionary<string, string> _settings = ImmutableSortedDictionary<string, string>.Empty;
    private ClusterPolicyReader? _policies;
    private string? _rulesProblem;
    private long? _slowRead;

    /// <param name="cluster">The cluster.</param>
    /// <param name="options">Which Service.</param>
    /// <param name="budget">Requests that may be made.</param>
    /// <param name="time">Time source.</param>
    public ServiceObjects(Kubernetes cluster, ObserveOptions options, RequestBudget budget, TimeProvider time)
    {
        (_options, _budget, _time) = (options, budget, time);
        _api = new ApiReader(cluster, options.ApiTimeout, time);
        _clients = new ClientPods(_api, budget, time);
        _proxy = new PodProxyClient(cluster);
    }

    /// <inheritdoc cref="ClientPods.Knows"/>
    public bool Knows(string client) => _clients.Knows(client);

    /// <summary>Reads everything.</summary>
    /// <param name="startedAt">When observing began.</param>
    /// <param name="clients">Clients that Hubble named, <c>namespace/pod</c> or something else.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ObservationException">The Service cannot be read, or has no Pods.</exception>
    public async Task<ServiceObjectsRead> ReadAsync(
        DateTimeOffset startedAt,
        IEnumerable<string> clients,
        CancellationToken cancellationToken
    )
    {
        Task<T> GetAsync<T>(string what, Func<Kubernetes, CancellationToken, Task<T>> get) =>
            _api.GetAsync(what, get, cancellationToken);
        await _budget.TakeAsync(RequestsPerReading, cancellationToken);
        var (ns, name) = (_options.Namespace, _options.Service);
        // 1. the Service, its endpoints and Pods, and the agents
        var service = await GetAsync($"Service {ns}/{name}", (cluster, token) =>
            cluster.CoreV1.ReadNamespacedServiceAsync(name, ns, cancellationToken: token)
        );
        if (service.Spec.Type == "ExternalName")
            throw ServiceEndpoints.IsExternalName(service);
        var slices = await GetAsync($"EndpointSlices of namespace {ns}", (cluster, token) =>
            EndpointSlices.ListAsync(cluster, ns, name, token)
        );
        var pods = await GetAsync($"pods of namespace {ns}", (cluster, token) =>
            cluster.CoreV1.ListNamespacedPodAsync(ns, cancellationToken: token)
        );
        var agents = await AgentsAsync(cancellationToken);
        // 2. now and then nodes and settings, and policies, which are read as the agents' release does
        if (_slowRead is not { } last || _time.GetElapsedTime(last) >= s_slow)
            await ReadSlowAsync(agents, cancellationToken);
        await ReadPoliciesAsync(cancellationToken);
        // 3. what they mean together
        var byName = pods.Items.ToDictionary(p => p.Name(), StringComparer.Ordinal);
        EndpointSlices.NamePods(slices, pods.Items);
        var endpoints = ServiceEndpoints.Of(slices, byName, _zones, ns, startedAt, _release);
        if (endpoints.IsEmpty)
            throw ServiceEndpoints.HasNoPods(service, slices);
        var port = slices.SelectMany(s => s.Ports ?? []).FirstOrDefault(p => p.Port is not null)?.Port
            ?? service.Spec.Ports?.FirstOrDefault()?.Port
            ?? 80;
        var targets = endpoints.Select(e => byName.GetValueOrDefault(e.Pod.Name)).OfType<V1Pod>().ToList();
        // Where the clients' nodes make no difference, their addresses are not worth the requests.
        var isNear = service.Spec.InternalTrafficPolicy == "Local" || endpoints.Any(e => !e.Facts.HintedZones.IsEmpty);
        _clients.LooksUpAddresses = isNear;
        await _clients.LookUpAsync(clients, cancellationToken);
        var policies = _clients.Known.ToDictionary(
            c => c.Key,
            c => _policies?.Between(c.Value, targets, (ushort)port) ?? PathPolicies.None,
            StringComparer.Ordinal
        );
        var observed = new ObservedService(
            ns,
            name,
            endpoints,
            ServiceReader.FactsOf(service, fromOutside: false),
            _clients.Known.ToImmutableDictionary(
                c => c.Key,
                c => new ClientPath(c.Value.Spec.NodeName, policies[c.Key].Egress, policies[c.Key].Ingress),
                StringComparer.Ordinal
            ),
            _zones.ToImmutableDictionary(StringComparer.Ordinal),
            new ClusterIdentity(_kind, _release?.ToString()),
            _settings,
            _rulesProblem
        )
        {
            Notes =
            [
                .. policies.Values.SelectMany(p => p.Notes).Distinct(StringComparer.Ordinal),
                .. ServiceEndpoints.NodesWithout(service, endpoints, _nodes),
                .. ServiceEndpoints.WithoutPods(slices),
            ],
        };
        return new ServiceObjectsRead(
            observed,
            [.. agents.Where(a => a.Spec.NodeName is { Length: > 0 }).Select(Agent)],
            targets.ToImmutableDictionary(p => $"{p.Namespace()}/{p.Name()}", Incarnation),
            StableSince(service, slices, targets),
            port
        );
    }

    /// <summary>
    /// The agents: those in kube-system, otherwise those in the one namespace that has some. Without the right to look
    /// in all namespaces there are only those in kube-system.
    /// </summary>
    private async Task<List<V1Pod>> AgentsAsync(CancellationToken cancellationToken)
    {
        var ns = _agentNamespace;
        var agents = await _api.GetAsync(
            $"pods of namespace {ns}",
            (cluster, token) => cluster.AgentsInAsync(ns, token),
            cancellationToken
        );
        if (agents.Count > 0)
            return [.. agents];
        try
        {
            var anywhere = await _api.GetAsync(
                "Cilium's agents",
                (cluster, token) =>
                    cluster.CoreV1.ListPodForAllNamespacesAsync(
                        labelSelector: ClusterQueries.AgentLabel,
                        cancellationToken: token
                    ),
                cancellationToken
            );
            var found = anywhere.Items.OfOneNamespace();
            // Their settings and their release are read anew.
            if (found is [var first, ..])
                (_agentNamespace, _slowRead) = (first.Namespace(), null);
            return found;
        }
        catch (ObservationException e) when (e.Problem is ObservationProblem.Forbidden)
        {
            return [];
        }
    }

    private async Task ReadSlowAsync(List<V1Pod> agents, CancellationToken cancellationToken)
    {
        await _budget.TakeAsync(RequestsPerSlowReading, cancellationToken);
        _slowRead = _time.GetTimestamp();
        var nodes = await _api.GetAsync(
            "nodes",
            (cluster, token) => cluster.CoreV1.ListNodeAsync(cancellationToken: token),
            cancellationToken
        );
        _kind = ClusterIdentities.KindOf(nodes.Items);
        _nodes = [.. nodes.Items];
        _zones = nodes
            .Items.Where(n => n.GetLabel(ServiceReader.ZoneLabel) is not null)
            .ToDictionary(n => n.Name(), n => n.GetLabel(ServiceReader.ZoneLabel), StringComparer.Ordinal);
        _release = await ReleaseAsync(agents, cancellationToken);
        try
        {
            var map = await _api.GetAsync(
                $"ConfigMap {_agentNamespace}/{CiliumNames.ConfigMap}",
                (cluster, token) =>
                    cluster.CoreV1.ReadNamespacedConfigMapAsync(
                        CiliumNames.ConfigMap,
                        _agentNamespace,
                        cancellationToken: token
                    ),
                cancellationToken
            );
            _settings = (map.Data ?? new Dictionary<string, string>())
                .Where(s => !s.Key.StartsWith("sandbox-", StringComparison.Ordinal))
                .ToImmutableSortedDictionary(StringComparer.Ordinal);
        }
        catch (ObservationException e) when (e.Problem is ObservationProblem.NotFound or ObservationProblem.Forbidden)
        {
            // Not Cilium, or not readable by this user: the report then has no settings.
            _settings = _settings.Clear();
        }
    }

    private async Task<CiliumVersion?> ReleaseAsync(List<V1Pod> agents, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.TargetTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return (await InstalledCilium.ReadAsync(agents, _proxy, either.Token)).Release;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>
    /// Policies determine how often a request is counted. Under a new one the same counters have another meaning, so
    /// policies are part of every reading.
    /// </summary>
    private async Task ReadPoliciesAsync(CancellationToken cancellationToken)
    {
        try
        {
            _policies = await _api.GetAsync(
                "network policies",
                (cluster, token) => ClusterPolicyReader.ReadAsync(cluster, _release, token),
                cancellationToken
            );
            _rulesProblem = _policies.Problems.IsEmpty ? null : _policies.Problems[0];
        }
        catch (ObservationException e) when (e.Problem is ObservationProblem.Forbidden)
        {
            _rulesProblem = "the API server does not let this user list network policies";
        }
    }

    private static ObservedAgent Agent(V1Pod pod)
    {
        var ports = pod.Spec.Containers.SelectMany(c => c.Ports ?? []);
        var port = ports.FirstOrDefault(p => p.Name == "hubble-metrics")?.ContainerPort ?? DefaultHubblePort;
        var addresses = (pod.Status?.PodIPs ?? [])
            .Select(a => a.Ip)
            .Concat((pod.Status?.HostIPs ?? []).Select(a => a.Ip))
            .Append(pod.Status?.PodIP)
            .Append(pod.Status?.HostIP)
            .OfType<string>()
            .Distinct();
        return new ObservedAgent(
            pod.Namespace(),
            pod.Name(),
            pod.Spec.NodeName,
            port,
            Incarnation(pod),
            [.. addresses]
        );
    }

    private static string Incarnation(V1Pod pod)
    {
        var restarts = (pod.Status?.ContainerStatuses ?? []).Sum(c => c.RestartCount);
        return string.Create(CultureInfo.InvariantCulture, $"{pod.Uid()}/{restarts}");
    }

    private DateTime? StableSince(V1Service service, IList<V1EndpointSlice> slices, List<V1Pod> targets) =>
        targets
            .SelectMany(p => p.Status?.Conditions ?? [])
            .Where(c => c.Type == "Ready")
            .Select(c => c.LastTransitionTime)
            .Concat(targets.Select(t => t.CreationTimestamp()))
            .Append(_policies?.Newest)
            .Append(LastChange.Of(service.Metadata))
            .Concat(slices.Select(s => LastChange.Of(s.Metadata)))
            .Max();
}
