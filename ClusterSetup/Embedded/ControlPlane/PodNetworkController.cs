using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CiliumDebugging.ClusterSetup.Embedded.Datapath;
using CiliumDebugging.ClusterSetup.Embedded.Network;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.ServiceDefaults.Pods;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane;

/// <summary>
/// What CNI plug-in and kubelet do for a Pod that has registered: gives it its addresses, makes it reachable through the datapath, probes its readiness, and takes everything back when it is deleted.
/// </summary>
internal sealed class PodNetworkController(
    IKubernetes api, ClusterCache cache, AddressBlocks addresses, LiveDatapath datapath, LabTopology topology, string apiToken, TimeProvider time) : IAsyncDisposable
{
    private readonly Dictionary<string, int> _nodes = topology.Nodes.Select((n, i) => (n.Name, i)).ToDictionary(n => n.Name, n => n.i, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Assignment> _assigned = new(StringComparer.Ordinal);

    private sealed record Assignment(int Node, uint Address, IReadOnlyList<int> Ports, CancellationTokenSource Stop)
    {
        public Task Probing { get; set; } = Task.CompletedTask;
    }

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var pods = cache.Pods.Objects;
        foreach (var uid in _assigned.Keys.Where(uid => !pods.ContainsKey(uid)).ToList()) await RemoveAsync(uid);
        foreach (var pod in pods.Values.Where(p => !_assigned.ContainsKey(p.Uid())))
        {
            if (!_nodes.TryGetValue(pod.Spec.NodeName ?? "", out var node)) continue; // unscheduled: stays Pending, as on a real cluster
            if (pod.Spec.HostNetwork is true) await StartHostPodAsync(pod, node, cancellationToken);
            else await AddAsync(pod, node, cancellationToken);
        }
    }

    /// <summary>The address of a Pod by name; null when it has none.</summary>
    public V1Pod? Find(string ns, string name) => cache.Pods.Objects.Values.FirstOrDefault(p => p.Name() == name && p.Namespace() == ns);

    private async Task AddAsync(V1Pod pod, int node, CancellationToken cancellationToken)
    {
        var (address, backing) = addresses.NextPod(node);
        var ports = pod.Spec.Containers.SelectMany(c => c.Ports ?? []).Select(p => p.ContainerPort).ToList();
        var assignment = new Assignment(node, address, ports, new CancellationTokenSource());
        _assigned[pod.Uid()] = assignment;
        try
        {
            await AnnounceAsync(pod, node, address, backing, ports, cancellationToken);
        }
        catch
        {
            await RemoveAsync(pod.Uid()); // the next round begins anew
            throw;
        }
        assignment.Probing = ProbeAsync(pod, assignment);
    }

    private async Task AnnounceAsync(V1Pod pod, int node, uint address, uint backing, IReadOnlyList<int> ports, CancellationToken cancellationToken)
    {
        datapath.AddPod(address, new PodBacking(TcpEndpoint.ToIPAddress(backing), SandboxContract.ConnectionToken(apiToken, pod.Uid())), ports);
        var annotations = PortAnnotations(pod);
        annotations[SandboxContract.BackingAddress] = TcpEndpoint.ToIPAddress(backing).ToString();
        await AnnotateAsync(pod, annotations, cancellationToken);
        await SetStatusAsync(pod, TcpEndpoint.ToIPAddress(address).ToString(), node, ready: false, cancellationToken);
    }

    private async Task StartHostPodAsync(V1Pod pod, int node, CancellationToken cancellationToken)
    {
        _assigned[pod.Uid()] = new Assignment(node, 0, [], new CancellationTokenSource());
        await AnnotateAsync(pod, PortAnnotations(pod), cancellationToken);
        await SetStatusAsync(pod, TcpEndpoint.ToIPAddress(addresses.Node(node)).ToString(), node, ready: true, cancellationToken);
    }

    /// <summary>Where the Pod's ports are really listened on: the offset, and each named port with the offset added.</summary>
    private Dictionary<string, string> PortAnnotations(V1Pod pod)
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [SandboxContract.PortOffset] = datapath.PortOffset.ToString(CultureInfo.InvariantCulture) };
        foreach (var port in pod.Spec.Containers.SelectMany(c => c.Ports ?? []).Where(p => p.Name is { Length: > 0 }))
            annotations[SandboxContract.PortPrefix + port.Name] = (port.ContainerPort + datapath.PortOffset).ToString(CultureInfo.InvariantCulture);
        return annotations;
    }

    private Task AnnotateAsync(V1Pod pod, Dictionary<string, string> annotations, CancellationToken cancellationToken) =>
        PatchAsync(pod, new { metadata = new { annotations } }, status: false, cancellationToken);

    private async Task RemoveAsync(string uid)
    {
        if (!_assigned.TryRemove(uid, out var gone)) return;
        await gone.Stop.CancelAsync();
        await gone.Probing;
        gone.Stop.Dispose();
        if (gone.Address == 0) return;
        await datapath.RemovePodAsync(gone.Address, gone.Ports);
        addresses.ReleasePod(gone.Node, gone.Address);
    }

    /// <summary>The kubelet's readiness probe: GET path on the probe's port, often until it succeeds for the first time, then once a second; three failures make the Pod not ready.</summary>
    private async Task ProbeAsync(V1Pod pod, Assignment assignment)
    {
        var probe = pod.Spec.Containers.Select(c => c.ReadinessProbe?.HttpGet).FirstOrDefault(p => p is not null);
        var (ready, failures) = (false, 0);
        var stop = assignment.Stop.Token;
        var host = new TcpEndpoint(addresses.Node(assignment.Node), 0);
        try
        {
            while (true)
            {
                var answered = probe is null || await ReadinessProbe.AnswersAsync(datapath, assignment.Address, int.Parse(probe.Port.Value, CultureInfo.InvariantCulture), probe.Path, host, time, stop);
                failures = answered ? 0 : failures + 1;
                if (ready ? failures >= 3 : answered)
                {
                    ready = !ready;
                    await SetStatusAsync(pod, TcpEndpoint.ToIPAddress(assignment.Address).ToString(), assignment.Node, ready, stop);
                }
                await Task.Delay(ready ? TimeSpan.FromSeconds(1) : TimeSpan.FromMilliseconds(50), time, stop);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or k8s.Autorest.HttpOperationException)
        {
            // The Pod or the cluster is gone.
        }
    }

    private Task SetStatusAsync(V1Pod pod, string podIp, int node, bool ready, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var state = ready ? "True" : "False";
        var name = pod.Spec.Containers[0].Name;
        return PatchAsync(pod, new
        {
            status = new
            {
                phase = "Running",
                podIP = podIp,
                podIPs = new[] { new { ip = podIp } },
                hostIP = TcpEndpoint.ToIPAddress(addresses.Node(node)).ToString(),
                startTime = pod.Metadata.CreationTimestamp,
                conditions = new[]
                {
                    new { type = "PodScheduled", status = "True", lastTransitionTime = now },
                    new { type = "ContainersReady", status = state, lastTransitionTime = now },
                    new { type = "Ready", status = state, lastTransitionTime = now },
                },
                containerStatuses = new[] { new { name, image = pod.Spec.Containers[0].Image, imageID = "", ready, restartCount = 0, started = true, state = new { running = new { startedAt = now } } } },
            },
        }, status: true, cancellationToken);
    }

    private async Task PatchAsync(V1Pod pod, object patch, bool status, CancellationToken cancellationToken)
    {
        var body = new V1Patch(JsonSerializer.Serialize(patch), V1Patch.PatchType.MergePatch);
        try
        {
            if (status) await api.CoreV1.PatchNamespacedPodStatusAsync(body, pod.Name(), pod.Namespace(), cancellationToken: cancellationToken);
            else await api.CoreV1.PatchNamespacedPodAsync(body, pod.Name(), pod.Namespace(), cancellationToken: cancellationToken);
        }
        catch (k8s.Autorest.HttpOperationException e) when (e.Response.StatusCode is System.Net.HttpStatusCode.NotFound)
        {
            // Deleted meanwhile: the next round removes it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var uid in _assigned.Keys.ToList()) await RemoveAsync(uid);
    }
}
