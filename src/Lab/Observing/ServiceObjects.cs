using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;
using k8s;
using k8s.Autorest;
using k8s.Exceptions;
using k8s.Models;

namespace CiliumDebugging.Lab.Observing;

/// <summary>An agent whose Hubble metrics can be read.</summary>
/// <param name="Pod">Its Pod.</param>
/// <param name="Node">Its node.</param>
/// <param name="Port">Port of Hubble's metrics.</param>
/// <param name="Incarnation">Changes when it is restarted.</param>
/// <param name="Addresses">Its Pod's and its node's address.</param>
internal sealed record ObservedAgent(
    string Pod,
    string Node,
    int Port,
    string Incarnation,
    ImmutableArray<string> Addresses
);

/// <summary>What the API server says at one moment.</summary>
/// <param name="Service">The Service.</param>
/// <param name="Agents">The agents.</param>
/// <param name="Incarnations">Of the backends' Pods, by <c>namespace/pod</c>.</param>
/// <param name="TargetPort">Port of the Service's Pods.</param>
/// <param name="StableSince">Since when expected shares and HTTP rules have been the same, as far as the objects tell, UTC; null when they do not.</param>
internal sealed record ServiceObjectsRead(
    ObservedService Service,
    ImmutableArray<ObservedAgent> Agents,
    ImmutableDictionary<string, string> Incarnations,
    DateTime? StableSince,
    int TargetPort
);

/// <summary>Reads a Service and all that decides how its load should be spread, with <c>get</c> and <c>list</c> only.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="options">Which Service.</param>
/// <param name="budget">Requests that may be made.</param>
/// <param name="time">Time source.</param>
internal sealed class ServiceObjects(
    Kubernetes cluster,
    ObserveOptions options,
    RequestBudget budget,
    TimeProvider time
)
{
    /// <summary>
    /// Most requests of a reading, without the clients that are looked up: Service, EndpointSlices (a second one before
    /// Kubernetes 1.21), Pods, agents, three kinds of policies, namespaces.
    /// </summary>
    public const int RequestsPerReading = 9;

    private const int RequestsPerSlowReading = 2;
    private const int DefaultHubblePort = 9965;
    private const int MaxClients = 1000;

    /// <summary>What changes no meaning of a count (settings, nodes) is read anew after this time.</summary>
    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(30);

    /// <summary>A client is looked up anew after this time: another Pod may have its name by then.</summary>
    private static readonly TimeSpan s_clientAge = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, (V1Pod? Pod, long At)> _clients = new(StringComparer.Ordinal);
    private ImmutableDictionary<string, string> _zones = ImmutableDictionary<string, string>.Empty;
    private ImmutableSortedDictionary<string, string> _settings = ImmutableSortedDictionary<string, string>.Empty;
    private ClusterPolicyReader? _policies;
    private string? _rulesProblem;
    private long? _slowRead;

    /// <summary>Port of the Service's Pods.</summary>
    public int TargetPort { get; private set; }

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
        await budget.TakeAsync(RequestsPerReading, cancellationToken);
        var (ns, name) = (options.Namespace, options.Service);
        var service = await GetAsync(
            $"Service {ns}/{name}",
            token => cluster.CoreV1.ReadNamespacedServiceAsync(name, ns, cancellationToken: token),
            cancellationToken
        );
        var slices = await GetAsync(
            $"EndpointSlices of namespace {ns}",
            token => EndpointSlices.ListAsync(cluster, ns, name, token),
            cancellationToken
        );
        var pods = await GetAsync(
            $"pods of namespace {ns}",
            token => cluster.CoreV1.ListNamespacedPodAsync(ns, cancellationToken: token),
            cancellationToken
        );
        var agents = await GetAsync(
            "pods of namespace kube-system",
            token =>
                cluster.CoreV1.ListNamespacedPodAsync(
                    CiliumNames.SystemNamespace,
                    labelSelector: "k8s-app=cilium",
                    cancellationToken: token
                ),
            cancellationToken
        );
        await ReadPoliciesAsync(cancellationToken);
        if (_slowRead is not { } last || time.GetElapsedTime(last) >= s_slow)
            await ReadSlowAsync(cancellationToken);
        var byName = pods.Items.ToDictionary(p => p.Name(), StringComparer.Ordinal);
        var endpoints = Endpoints(slices, byName, startedAt);
        if (endpoints.IsEmpty)
        {
            throw new ObservationException(
                $"Service {ns}/{name} has no pods: its EndpointSlices name none (kubectl -n {ns} get endpointslices)",
                problem: ObservationProblem.NoPods
            );
        }
        TargetPort = slices.SelectMany(s => s.Ports ?? []).FirstOrDefault(p => p.Port is not null)?.Port
            ?? service.Spec.Ports?.FirstOrDefault()?.Port
            ?? 80;
        var targets = endpoints.Select(e => byName.GetValueOrDefault(e.Pod.Name)).OfType<V1Pod>().ToList();
        var paths = await PathsAsync(clients, targets, cancellationToken);
        var image = agents
            .Items.SelectMany(a => a.Spec.Containers)
            .FirstOrDefault(c => c.Name == "cilium-agent")
            ?.Image;
        var observed = new ObservedService(
            options.Namespace,
            options.Service,
            endpoints,
            ServiceReader.FactsOf(service, fromOutside: false),
            paths,
            _zones,
            CiliumVersion.TryParse(image?[(image.LastIndexOf(':') + 1)..], out var version) ? version.ToString() : null,
            _settings
                .Where(s => !s.Key.StartsWith("sandbox-", StringComparison.Ordinal))
                .ToImmutableSortedDictionary(StringComparer.Ordinal),
            _rulesProblem
        );
        return new ServiceObjectsRead(
            observed,
            [.. agents.Items.Where(a => a.Spec.NodeName is { Length: > 0 }).Select(Agent)],
            targets.ToImmutableDictionary(p => $"{p.Namespace()}/{p.Name()}", Incarnation),
            StableSince(targets),
            TargetPort
        );
    }

    private ImmutableArray<ObservedEndpoint> Endpoints(
        IList<V1EndpointSlice> slices,
        Dictionary<string, V1Pod> pods,
        DateTimeOffset startedAt
    )
    {
        var zones = _zones.ToDictionary(StringComparer.Ordinal);
        return
        [
            .. slices
                .SelectMany(s => s.Endpoints ?? [])
                .Where(e => e.TargetRef?.Name is not null)
                .DistinctBy(e => e.TargetRef.Name)
                .Select(e => new ObservedEndpoint(
                    new BackendPod(
                        e.TargetRef.Name,
                        e.TargetRef.NamespaceProperty ?? options.Namespace,
                        e.NodeName ?? pods.GetValueOrDefault(e.TargetRef.Name)?.Spec.NodeName ?? ""
                    ),
                    ServiceReader.FactsOf(
                        e,
                        zones,
                        pods.GetValueOrDefault(e.TargetRef.Name)?.CreationTimestamp() is { } created
                            ? (created - startedAt.UtcDateTime).TotalSeconds
                            : null
                    ),
                    e.Conditions?.Terminating is true
                ))
                .OrderBy(e => e.Pod.Name, StringComparer.Ordinal),
        ];
    }

    private async Task ReadSlowAsync(CancellationToken cancellationToken)
    {
        await budget.TakeAsync(RequestsPerSlowReading, cancellationToken);
        _slowRead = time.GetTimestamp();
        var nodes = await GetAsync(
            "nodes",
            token => cluster.CoreV1.ListNodeAsync(cancellationToken: token),
            cancellationToken
        );
        _zones = nodes
            .Items.Where(n => n.GetLabel(ServiceReader.ZoneLabel) is not null)
            .ToImmutableDictionary(n => n.Name(), n => n.GetLabel(ServiceReader.ZoneLabel), StringComparer.Ordinal);
        try
        {
            var map = await GetAsync(
                "ConfigMap kube-system/cilium-config",
                token =>
                    cluster.CoreV1.ReadNamespacedConfigMapAsync(
                        CiliumNames.ConfigMap,
                        CiliumNames.SystemNamespace,
                        cancellationToken: token
                    ),
                cancellationToken
            );
            _settings = (map.Data ?? new Dictionary<string, string>()).ToImmutableSortedDictionary(
                StringComparer.Ordinal
            );
        }
        catch (ObservationException e) when (e.Problem is ObservationProblem.NotFound or ObservationProblem.Forbidden)
        {
            // Not Cilium, or none of this user's business: the report has no settings then.
            _settings = _settings.Clear();
        }
    }

    /// <summary>Policies say how often a request is counted: under a new one the same counters mean something else, so they are read with every round.</summary>
    private async Task ReadPoliciesAsync(CancellationToken cancellationToken)
    {
        try
        {
            _policies = await GetAsync(
                "network policies",
                token => ClusterPolicyReader.ReadAsync(cluster, token),
                cancellationToken
            );
            _rulesProblem = _policies.Problems.IsEmpty ? null : _policies.Problems[0];
        }
        catch (ObservationException e) when (e.Problem is ObservationProblem.Forbidden)
        {
            _rulesProblem = "the API server does not let this user list network policies";
        }
    }

    /// <summary>Whether looking for this client again would tell nothing new.</summary>
    /// <param name="client">A client as Hubble names it.</param>
    public bool Knows(string client) =>
        _clients.ContainsKey(client) || _clients.Count >= MaxClients || client.Split('/').Length != 2;

    /// <summary>
    /// Where the clients are and which rules they meet. One that does not exist or is no Pod has no node. What is known
    /// of a client is forgotten after a while.
    /// </summary>
    private async Task<ImmutableDictionary<string, ClientPath>> PathsAsync(
        IEnumerable<string> clients,
        List<V1Pod> targets,
        CancellationToken cancellationToken
    )
    {
        var old = _clients.Where(c => time.GetElapsedTime(c.Value.At) >= s_clientAge).Select(c => c.Key).ToList();
        foreach (var client in old)
            _clients.Remove(client);
        foreach (var client in clients.Where(c => !Knows(c)))
        {
            if (client.Split('/') is not [var ns, var name] || Knows(client))
                continue;
            await budget.TakeAsync(1, cancellationToken);
            try
            {
                var pod = await GetAsync(
                    $"pod {client}",
                    token => cluster.CoreV1.ReadNamespacedPodAsync(name, ns, cancellationToken: token),
                    cancellationToken
                );
                _clients[client] = (pod, time.GetTimestamp());
            }
            catch (ObservationException e)
                when (e.Problem is ObservationProblem.NotFound or ObservationProblem.Forbidden)
            {
                _clients[client] = (null, time.GetTimestamp());
            }
        }
        ClientPath PathOf(V1Pod client)
        {
            var rules = _policies?.HttpRules(client, targets, (ushort)TargetPort) ?? (false, false);
            return new ClientPath(client.Spec.NodeName, rules.Egress, rules.Ingress);
        }
        return _clients
            .Where(c => c.Value.Pod?.Spec.NodeName is { Length: > 0 })
            .ToImmutableDictionary(c => c.Key, c => PathOf(c.Value.Pod!), StringComparer.Ordinal);
    }

    private static ObservedAgent Agent(V1Pod pod) =>
        new(
            pod.Name(),
            pod.Spec.NodeName,
            pod.Spec.Containers.SelectMany(c => c.Ports ?? [])
                .FirstOrDefault(p => p.Name == "hubble-metrics")
                ?.ContainerPort
                ?? DefaultHubblePort,
            Incarnation(pod),
            [.. new[] { pod.Status?.PodIP, pod.Status?.HostIP }.OfType<string>().Distinct()]
        );

    private static string Incarnation(V1Pod pod) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{pod.Uid()}/{(pod.Status?.ContainerStatuses ?? []).Sum(c => c.RestartCount)}"
        );

    private DateTime? StableSince(List<V1Pod> targets) =>
        targets
            .SelectMany(p => p.Status?.Conditions ?? [])
            .Where(c => c.Type == "Ready")
            .Select(c => c.LastTransitionTime)
            .Concat(targets.Select(t => t.CreationTimestamp()))
            .Append(_policies?.Newest)
            .Max();

    /// <summary>Something that the API server answers, with its failures in words.</summary>
    private async Task<T> GetAsync<T>(
        string what,
        Func<CancellationToken, Task<T>> get,
        CancellationToken cancellationToken
    )
    {
        using var limit = new CancellationTokenSource(options.ApiTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await get(either.Token);
        }
        catch (HttpOperationException e)
        {
            var (problem, remedy) = e.Response.StatusCode switch
            {
                HttpStatusCode.NotFound => (
                    ObservationProblem.NotFound,
                    "it does not exist: check the namespace and the name (namespace/name)"
                ),
                HttpStatusCode.Forbidden => (
                    ObservationProblem.Forbidden,
                    "this user may not read it: docs/observe.md lists what observe reads"
                ),
                HttpStatusCode.Unauthorized => (
                    ObservationProblem.Unreachable,
                    "the credentials of the kubeconfig are not accepted"
                ),
                _ => (ObservationProblem.Unreachable, "see the API server's log"),
            };
            var status = (int)e.Response.StatusCode;
            var answered = string.Create(CultureInfo.InvariantCulture, $"{cluster.BaseUri} answered {status}");
            throw new ObservationException($"{what}: {answered}; {remedy}", e, problem);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObservationException($"{what}: {cluster.BaseUri} did not answer in time", e);
        }
        catch (Exception e)
            when (e
                    is HttpRequestException
                        or IOException
                        or JsonException
                        or KubernetesException
                        or KubeConfigException
            )
        {
            throw new ObservationException($"{what}: {cluster.BaseUri} cannot be asked: {e.Message}", e);
        }
    }
}
