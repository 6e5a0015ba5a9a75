using System.Collections.Concurrent;
using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.EmbeddedCluster.Kubelet;
using CiliumDebugging.EmbeddedCluster.Network;
using CiliumDebugging.ServiceDefaults.Pods;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// What a CNI plug-in does for a Pod that has a node: gives it its addresses, makes it reachable through the datapath,
/// hands it to a <see cref="PodWorker"/>, and takes everything back when it is deleted.
/// </summary>
internal sealed partial class PodNetworkController(
    IKubernetes api,
    ClusterCache cache,
    AddressBlocks addresses,
    LiveDatapath datapath,
    ClusterTopology topology,
    KubeletContext kubelet
) : IAsyncDisposable
{
    private readonly Dictionary<string, int> _nodes = topology
        .Nodes.Select((n, i) => (n.Name, i))
        .ToDictionary(n => n.Name, n => n.i, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Assignment> _assigned = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _draining = new();

    private readonly TimeProvider _time = kubelet.Time;

    /// <summary>The cluster ends: no preStop hook is waited for.</summary>
    private readonly CancellationTokenSource _stop = new();

    private sealed record Assignment(int Node, uint Address, IReadOnlyList<int> Ports, TimeSpan Grace)
    {
        public PodWorker? Worker { get; set; }

        /// <summary>Whether its Pod is being deleted and its program ends.</summary>
        public bool IsEnding { get; set; }
    }

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var pods = cache.Pods.Objects;
        foreach (var uid in _assigned.Keys.Where(uid => !pods.ContainsKey(uid)).ToList())
            Remove(uid, deleted: true);
        foreach (var pod in pods.Values.Where(p => p.IsBeingDeleted()))
            if (_assigned.TryGetValue(pod.Uid(), out var ending) && !ending.IsEnding)
                Track(EndAsync(pod, ending));
        await Task.WhenAll(
            pods.Values.Where(p => !_assigned.ContainsKey(p.Uid()) && !p.IsBeingDeleted())
                .ToList()
                .Select(pod => kubelet.Events.GuardAsync(pod, "kubelet", p => StartAsync(p, cancellationToken)))
        );
    }

    /// <summary>
    /// Ends the program of a Pod that is being deleted, then deletes the object for good. Until its preStop hook has
    /// run, the program serves as before. From then on connections that are established go on and new ones are refused,
    /// because the program closes its ports when it is to end.
    /// </summary>
    private async Task EndAsync(V1Pod pod, Assignment ending)
    {
        ending.IsEnding = true;
        try
        {
            var grace = Grace(pod.Metadata.DeletionGracePeriodSeconds);
            if (ending.Worker is not null)
                grace = await RunHookAsync(pod, grace);
            foreach (var port in ending.Ports)
                await datapath.UnlistenAsync(new TcpEndpoint(ending.Address, (ushort)port));
            if (ending.Worker is { } worker)
                await worker.StopAsync(grace);
        }
        catch (Exception e)
        {
            // Whether its program still listens is unknown; the object goes all the same.
            DrainFailed(kubelet.Log, pod.Uid(), e);
        }
        await DeleteAsync(pod);
    }

    /// <summary>Deletes the object for good.</summary>
    private async Task DeleteAsync(V1Pod pod)
    {
        var last = new V1DeleteOptions
        {
            GracePeriodSeconds = 0,
            Preconditions = new V1Preconditions { Uid = pod.Uid() },
        };
        try
        {
            await ApiRetry.UntilAnsweredAsync(
                stop => api.CoreV1.DeleteNamespacedPodAsync(pod.Name(), pod.Namespace(), last, cancellationToken: stop),
                _time,
                _stop.Token
            );
        }
        catch (HttpOperationException e) when ((int)e.Response.StatusCode is 404 or 409)
        {
            // Deleted meanwhile.
        }
        catch (Exception e) when (e is HttpOperationException or OperationCanceledException)
        {
            // The cluster ends, or the API will never take it.
            if (!_stop.IsCancellationRequested)
                DrainFailed(kubelet.Log, pod.Uid(), e);
        }
    }

    /// <returns>The grace period that is left when the Pod's preStop hook has run.</returns>
    private async Task<TimeSpan> RunHookAsync(V1Pod pod, TimeSpan grace)
    {
        if (PreStop.Refused(pod) is { } refused)
            kubelet.Events.Record(pod, "kubelet", "FailedPreStopHook", refused, isWarning: true);
        var (hook, left) = PreStop.Of(pod, grace);
        if (hook > TimeSpan.Zero)
            await Task.Delay(hook, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return left;
    }

    private static TimeSpan Grace(long? seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds ?? 30, 0, 60));

    private async Task StartAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        if (!_nodes.TryGetValue(pod.Spec.NodeName ?? "", out var node))
            return; // unscheduled: stays Pending, as on a real cluster
        try
        {
            if (pod.Spec.HostNetwork is true)
                await StartHostPodAsync(pod, node, cancellationToken);
            else
                await AddAsync(pod, node, cancellationToken);
        }
        catch
        {
            Remove(pod.Uid(), deleted: false); // the next round begins anew
            throw;
        }
    }

    public V1Pod? Find(string ns, string name) =>
        cache.Pods.Objects.Values.FirstOrDefault(p => p.Name() == name && p.Namespace() == ns);

    private async Task AddAsync(V1Pod pod, int node, CancellationToken cancellationToken)
    {
        var (address, backing) = addresses.NextPod(node);
        var ports = pod.Spec.Containers.SelectMany(ContainerRuntime.Ports).Select(p => p.ContainerPort).ToList();
        var grace = Grace(pod.Spec.TerminationGracePeriodSeconds);
        var assignment = _assigned[pod.Uid()] = new Assignment(node, address, ports, grace);
        var place = new PodPlace(
            TcpEndpoint.ToIPAddress(address).ToString(),
            TcpEndpoint.ToIPAddress(addresses.Node(node)).ToString(),
            TcpEndpoint.ToIPAddress(backing).ToString(),
            datapath.PortOffset
        );
        var status = new PodStatusWriter(api, pod, place.PodIp, place.HostIp, _time);
        var process = new PodBacking(TcpEndpoint.ToIPAddress(backing), kubelet.Runtime.ConnectionToken(pod));
        datapath.AddPod(address, process, ports);
        var annotations = PortAnnotations(pod);
        annotations[SandboxContract.BackingAddress] = place.BackingAddress;
        // The program starts while its Pod's object is written: it has its addresses from the environment.
        assignment.Worker = new PodWorker(pod, place, status, Probe(pod, assignment), kubelet);
        assignment.Worker.Start();
        await AnnotateAsync(pod, annotations, cancellationToken);
    }

    /// <summary>The Pod's readiness probe, from its node's host; null when it has none.</summary>
    private Func<CancellationToken, Task<string?>>? Probe(V1Pod pod, Assignment assignment)
    {
        var probe = pod.Spec.Containers.Select(c => c.ReadinessProbe?.HttpGet).FirstOrDefault(p => p is not null);
        if (probe is null)
            return null;
        var named = pod
            .Spec.Containers.SelectMany(c => c.Ports ?? [])
            .FirstOrDefault(p => p.Name == probe.Port.Value)
            ?.ContainerPort;
        _ = int.TryParse(probe.Port.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        var pods = new TcpEndpoint(assignment.Address, (ushort)(named ?? number));
        var host = new TcpEndpoint(addresses.Node(assignment.Node), 0);
        return stop => ReadinessProbe.FailureAsync(datapath, pods, probe.Path ?? "/", host, stop);
    }

    private async Task StartHostPodAsync(V1Pod pod, int node, CancellationToken cancellationToken)
    {
        var host = TcpEndpoint.ToIPAddress(addresses.Node(node)).ToString();
        var status = new PodStatusWriter(api, pod, host, host, _time);
        _assigned[pod.Uid()] = new Assignment(node, 0, [], TimeSpan.Zero);
        await AnnotateAsync(pod, PortAnnotations(pod), cancellationToken);
        // An agent is ready when it has read its settings.
        if (AgentController.IsAgent(pod))
            await status.WriteAsync("Pending", false, PodStatusWriter.Waiting("ContainerCreating"), cancellationToken);
        else
            await status.WriteAsync("Running", ready: true, status.Running(), cancellationToken);
    }

    /// <summary>
    /// Where the Pod's ports are really listened on: the offset, and each named port with the offset added.
    /// </summary>
    private Dictionary<string, string> PortAnnotations(V1Pod pod)
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [SandboxContract.PortOffset] = datapath.PortOffset.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var port in pod.Spec.Containers.SelectMany(c => c.Ports ?? []).Where(p => p.Name is { Length: > 0 }))
            annotations[SandboxContract.PortPrefix + port.Name] = $"{port.ContainerPort + datapath.PortOffset}";
        return annotations;
    }

    private async Task AnnotateAsync(
        V1Pod pod,
        Dictionary<string, string> annotations,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await api.PatchAsync(pod, new { metadata = new { annotations } }, cancellationToken);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is System.Net.HttpStatusCode.NotFound)
        {
            // Deleted meanwhile: the next round removes it.
        }
    }

    /// <summary>
    /// Takes a Pod out of the network, and gives its address back when its program has ended. Only
    /// <see cref="DisposeAsync"/> waits for that.
    /// </summary>
    private void Remove(string uid, bool deleted)
    {
        if (!_assigned.TryRemove(uid, out var gone))
            return;
        Track(DrainAsync(uid, gone, deleted));
    }

    private void Track(Task ending)
    {
        _draining[ending] = 0;
        _ = ending.ContinueWith(done => _draining.TryRemove(done, out _), TaskScheduler.Default);
    }

    private async Task DrainAsync(string uid, Assignment gone, bool deleted)
    {
        try
        {
            if (gone.Address != 0)
                await datapath.RemovePodAsync(gone.Address, gone.Ports);
            if (gone.Worker is { } worker)
                await worker.StopAsync(deleted ? gone.Grace : null);
            kubelet.Runtime.Forget(uid);
            if (gone.Address != 0)
                addresses.ReleasePod(gone.Node, gone.Address);
        }
        catch (Exception e)
        {
            // Its address stays taken: whether its program still listens there is unknown.
            DrainFailed(kubelet.Log, uid, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the pod with uid {Uid} could not be stopped")]
    private static partial void DrainFailed(ILogger log, string uid, Exception exception);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var uid in _assigned.Keys.ToList())
            Remove(uid, deleted: false);
        await Task.WhenAll(_draining.Keys);
        _stop.Dispose();
    }
}
