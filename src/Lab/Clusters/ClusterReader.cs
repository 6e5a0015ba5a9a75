using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Releases;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Reads a cluster through its API: the Pods of a run, their counters, policies and settings.</summary>
public sealed class ClusterReader(Kubernetes cluster, LoadSpec load)
{
    /// <summary>
    /// A Backend that does not answer for this long is silent: it must not hold up the other counters.
    /// </summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_oddInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_reasonsLimit = TimeSpan.FromSeconds(2);

    /// <summary>How often the reasons are read why Pods are not ready.</summary>
    private static readonly TimeSpan s_sayInterval = TimeSpan.FromSeconds(5);

    private readonly PodProxyClient _proxy = new(cluster);
    private readonly PodPortForward _forward = new(cluster);
    private readonly RestartedPods _restarted = new();
    private int? _hubblePort;
    private string? _ciliumNamespace;
    private int? _podPort;

    /// <summary>The way to Pods.</summary>
    public PodProxyClient Proxy => _proxy;

    /// <summary>Waits until the load-test Pod and the given number of backends of the Service are ready.</summary>
    /// <param name="backends">How many backends.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="time">Time source.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <param name="say">Receives which Pods are not ready and why, whenever that changes.</param>
    /// <exception cref="TimeoutException">It takes too long; the message names what is missing.</exception>
    public async Task<V1Pod> WaitUntilReadyAsync(
        int backends,
        TimeSpan limit,
        TimeProvider time,
        CancellationToken cancellationToken,
        Action<string>? say = null
    )
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var (client, ready) = (default(V1Pod), 0);
        var (lookedAt, said) = (time.GetTimestamp(), "");
        try
        {
            while (true)
            {
                if (say is not null && time.GetElapsedTime(lookedAt) >= s_sayInterval)
                {
                    var reasons = await ReasonsAsync(time, either.Token);
                    if (reasons.Length > 0 && reasons != said)
                        say($"still waiting{reasons}");
                    (lookedAt, said) = (time.GetTimestamp(), reasons);
                }
                client = await FindClientAsync(either.Token);
                ready = (await BackendsAsync(either.Token)).Length;
                if (client is not null && ready >= backends)
                    return client;
                await Task.Delay(TimeSpan.FromMilliseconds(50), time, either.Token);
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            var loadTest = client is null ? "no load-test pod is ready" : "the load-test pod is ready";
            throw new TimeoutException(
                $"after {limit.TotalSeconds:0} s {loadTest} and {ready} of {backends} backends "
                    + $"of Service {load.Namespace}/{load.Service} are{await ReasonsAsync(time, cancellationToken)}"
            );
        }
    }

    /// <summary>Why Pods of the load are not ready; empty when unknown.</summary>
    private async Task<string> ReasonsAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_reasonsLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var clients = await cluster.CoreV1.ListPodForAllNamespacesAsync(
                labelSelector: load.Client,
                cancellationToken: either.Token
            );
            var backends = await cluster.CoreV1.ListNamespacedPodAsync(load.Namespace, cancellationToken: either.Token);
            var reasons = PodReasons.Describe(clients.Items.Concat(backends.Items).DistinctBy(p => p.Uid()));
            return reasons.Length == 0 ? "" : $" ({reasons})";
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException or OperationCanceledException)
        {
            return "";
        }
    }

    /// <summary>The ready Pods behind the Service, by name.</summary>
    public async Task<ImmutableArray<BackendPod>> BackendsAsync(CancellationToken cancellationToken)
    {
        var slices = await cluster.SlicesOfAsync(load, cancellationToken);
        return [.. slices.ReadyPods().Select(ExpectedBackends.PodOf)];
    }

    /// <summary>The ready Pods behind the Service and the share each should get from a client.</summary>
    public Task<ExpectedBackends> ExpectedAsync(
        (string Node, string? Zone) client,
        CancellationToken cancellationToken
    ) => ExpectedBackends.ReadAsync(cluster, load, client, cancellationToken);

    /// <summary>Zone of a node; null when it has none.</summary>
    public async Task<string?> ZoneAsync(string node, CancellationToken cancellationToken) =>
        (await cluster.CoreV1.ReadNodeAsync(node, cancellationToken: cancellationToken)).GetLabel(
            ServiceReader.ZoneLabel
        );

    /// <summary>
    /// Reads all counters: those of every node's Hubble and of the backends. A node without readable metrics is
    /// reported as missing, a backend that does not answer as silent.
    /// </summary>
    public async Task<ClusterCounters> ScrapeAsync(
        IEnumerable<BackendPod> backends,
        CancellationToken cancellationToken
    )
    {
        var agents = await cluster.AgentsInAsync(await CiliumNamespaceAsync(cancellationToken), cancellationToken);
        // Without agents the port is not needed.
        var port = agents.Count == 0 ? 0 : await HubblePortAsync(cancellationToken);
        var hubble = agents
            .Select(async a => (Node: a.Spec.NodeName, Samples: await HubbleAsync(a, port, cancellationToken)))
            .ToList();
        var podPort = await PodPortAsync(cancellationToken);
        var echo = backends
            .Select(async b => (Pod: b, Samples: await BackendMetricsAsync(b, podPort, cancellationToken)))
            .ToList();
        var counters = ClusterCounters.Zero;
        foreach (var (node, samples) in await Task.WhenAll(hubble))
            counters = samples is null ? counters.WithoutHubble(node) : counters.WithHubble(node, samples);
        foreach (var (pod, samples) in await Task.WhenAll(echo))
            counters = samples is null ? counters.WithoutBackend(pod) : counters.WithBackend(pod, samples);
        return counters with { RestartedPods = _restarted.Add(counters.Echo) };
    }

    private async Task<IReadOnlyList<PrometheusSample>?> HubbleAsync(
        V1Pod agent,
        int port,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return PrometheusSamples.Parse(
                await _proxy.GetAsync(agent.Namespace(), agent.Name(), port, "/metrics", cancellationToken)
            );
        }
        catch (Exception e) when (e is HttpRequestException or FormatException)
        {
            // The other nodes' counts are still useful; results that need this one's say so.
            return null;
        }
    }

    /// <summary>The port that the Service's Pods listen on, which need not be the Service's.</summary>
    private async Task<int> PodPortAsync(CancellationToken cancellationToken)
    {
        if (_podPort is { } known)
            return known;
        var service = await cluster.ServiceOfAsync(load, cancellationToken);
        var slices = await cluster.SlicesOfAsync(load, cancellationToken);
        var port = EndpointSlices.PodPort(service, slices, load.Url.Port);
        // Without Pods the slices do not name a port yet.
        if (slices.Any(s => s.Ports is { Count: > 0 }))
            _podPort = port;
        return port;
    }

    /// <summary>
    /// A backend's metrics; null when it does not answer. After a gateway's answer it is requested again.
    /// </summary>
    /// <exception cref="HttpRequestException">The API server or a gateway answered instead of it.</exception>
    private async Task<IReadOnlyList<PrometheusSample>?> BackendMetricsAsync(
        BackendPod pod,
        int port,
        CancellationToken cancellationToken
    )
    {
        var forwarded = await _forward.IsServedAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_silence);
        HttpRequestException? odd = null;
        try
        {
            while (true)
            {
                var text = forwarded
                    ? await _forward.GetAsync(pod.Namespace, pod.Name, port, "/metrics", limit.Token)
                    : await _proxy.GetAsync(pod.Namespace, pod.Name, port, "/metrics", limit.Token);
                try
                {
                    if (PrometheusSamples.Parse(text) is { Count: > 0 } samples)
                        return samples;
                }
                catch (FormatException)
                {
                    // It is said below.
                }
                odd = PodProxyClient.Unreadable("GET /metrics", pod.Namespace, pod.Name, port, text, "metrics");
                await Task.Delay(s_oddInterval, TimeProvider.System, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return odd is null ? null : throw odd;
        }
    }

    /// <summary>
    /// The port of Hubble's metrics: from cilium-config (9965 in later releases), or else that of Cilium 1.9.
    /// </summary>
    private async Task<int> HubblePortAsync(CancellationToken cancellationToken) =>
        _hubblePort ??=
            (await SettingsAsync(cancellationToken)).GetValueOrDefault("hubble-metrics-server")?.Split(':')[^1]
                is { } text
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                ? port
                : CiliumNames.HubbleMetricsPort;

    /// <summary>What policies do on the path from the client to the Service.</summary>
    /// <param name="client">The client.</param>
    /// <param name="release">The agents' release; null: unknown.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<PathPolicies> PoliciesAsync(
        V1Pod client,
        CiliumVersion? release,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(client);
        var policies = await ClusterPolicyReader.ReadAsync(cluster, release, cancellationToken);
        var backends = await cluster.CoreV1.ListNamespacedPodAsync(
            load.Namespace,
            cancellationToken: cancellationToken
        );
        var service = await cluster.ServiceOfAsync(load, cancellationToken);
        return policies.Between(
            client,
            backends.Items.Where(p => service.Spec.Selector.All(s => p.GetLabel(s.Key) == s.Value)),
            (ushort)await PodPortAsync(cancellationToken)
        );
    }

    /// <summary>Data of ConfigMap cilium-config; nothing on a cluster without Cilium.</summary>
    public async Task<ImmutableSortedDictionary<string, string>> SettingsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var map = await cluster.CoreV1.ReadNamespacedConfigMapAsync(
                CiliumNames.ConfigMap,
                await CiliumNamespaceAsync(cancellationToken),
                cancellationToken: cancellationToken
            );
            return (map.Data ?? new Dictionary<string, string>()).ToImmutableSortedDictionary(StringComparer.Ordinal);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound)
        {
            return ImmutableSortedDictionary<string, string>.Empty;
        }
    }

    /// <summary>Looked for once: counters are read every second.</summary>
    private async Task<string> CiliumNamespaceAsync(CancellationToken cancellationToken) =>
        _ciliumNamespace ??= await cluster.CiliumNamespaceAsync(cancellationToken);

    /// <summary>The cluster's Cilium.</summary>
    public async Task<InstalledCilium> CiliumAsync(CancellationToken cancellationToken) =>
        await InstalledCilium.ReadAsync([.. await cluster.AgentsAsync(cancellationToken)], _proxy, cancellationToken);

    private async Task<V1Pod?> FindClientAsync(CancellationToken cancellationToken)
    {
        var pods = await cluster.CoreV1.ListPodForAllNamespacesAsync(
            labelSelector: load.Client,
            cancellationToken: cancellationToken
        );
        return pods.Items.FirstOrDefault(p => p.IsReady() && p.Metadata.DeletionTimestamp is null);
    }
}
