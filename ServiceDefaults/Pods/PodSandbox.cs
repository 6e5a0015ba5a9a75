using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>
/// This process's place on the embedded cluster: the Pod object it registered, and the addresses the cluster gave it.
/// <list type="number">
/// <item>creates its Pod object (the API server generates the name);</item>
/// <item>waits until the cluster has written the Pod's address and its backing address;</item>
/// <item>from then on the process listens on the backing address, and leaves when the Pod is deleted (<see cref="PodLifetime"/>).</item>
/// </list>
/// </summary>
public sealed class PodSandbox : IDisposable
{
    private static readonly TimeSpan AddressTimeout = TimeSpan.FromSeconds(30);

    private PodSandbox(Kubernetes cluster, V1Pod pod, byte[] connectionToken, IReadOnlyList<int> containerPorts, bool isSelfRegistered)
    {
        Cluster = cluster;
        IsSelfRegistered = isSelfRegistered;
        Identity = new PodIdentity(pod.Name(), pod.Namespace(), pod.Spec.NodeName);
        Uid = pod.Uid();
        PodAddress = IPAddress.Parse(pod.Status.PodIP);
        BackingAddress = IPAddress.Parse(pod.GetAnnotation(SandboxContract.BackingAddress));
        PortOffset = int.Parse(pod.GetAnnotation(SandboxContract.PortOffset) ?? "0", CultureInfo.InvariantCulture);
        ConnectionToken = connectionToken;
        ContainerPorts = containerPorts;
    }

    /// <summary>Client of the embedded cluster's API.</summary>
    public IKubernetes Cluster { get; }

    /// <summary>Name, namespace and node.</summary>
    public PodIdentity Identity { get; }

    /// <summary>Whether this process made its Pod, and takes it away when it ends; otherwise a kubelet looks after it.</summary>
    public bool IsSelfRegistered { get; }

    /// <summary>metadata.uid of the Pod.</summary>
    public string Uid { get; }

    /// <summary>The Pod's address: what its own connections start from and where others reach it, through the datapath.</summary>
    public IPAddress PodAddress { get; }

    /// <summary>The private address this process listens on.</summary>
    public IPAddress BackingAddress { get; }

    /// <summary>What is added to every port where it is listened on; 0 unless a port was taken on this machine.</summary>
    public int PortOffset { get; }

    /// <summary>Container ports, as in the Pod object.</summary>
    public IReadOnlyList<int> ContainerPorts { get; }

    internal byte[] ConnectionToken { get; }

    /// <summary>Joins the Pod a kubelet started this process for, or registers it as a Pod.</summary>
    /// <param name="configuration">Where <see cref="PodEnvironment"/> is read from.</param>
    /// <param name="time">Time source of the timeout.</param>
    /// <param name="privatePorts">Ports that are no container ports; the first one is probed when there is no container port.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when no API is configured: the process runs on a real cluster or on its own.</returns>
    /// <exception cref="TimeoutException">The cluster gave the Pod no address within 30 s.</exception>
    public static async Task<PodSandbox?> JoinAsync(
        IConfiguration configuration, TimeProvider time, IReadOnlyList<int>? privatePorts = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration[PodEnvironment.ApiUrl] is not { Length: > 0 } url) return null;
        var apiToken = configuration[PodEnvironment.ApiToken] ?? throw new FormatException($"{PodEnvironment.ApiUrl} is set and {PodEnvironment.ApiToken} is not: set both or neither");
        var cluster = new Kubernetes(new KubernetesClientConfiguration
        {
            Host = url,
            AccessToken = apiToken,
            SslCaCerts = configuration[PodEnvironment.ApiAuthority] is { Length: > 0 } pem ? [X509Certificate2.CreateFromPem(pem)] : null,
        });
        var uid = configuration[PodEnvironment.PodUid];
        var isSelfRegistered = string.IsNullOrEmpty(uid);
        var created = isSelfRegistered ? await RegisterAsync(cluster, configuration, privatePorts ?? [], cancellationToken) : await FindAsync(cluster, configuration, uid!, cancellationToken);
        List<int> ports = [.. created.Spec.Containers.SelectMany(c => c.Ports ?? []).Select(p => p.ContainerPort)];
        using var timeout = new CancellationTokenSource(AddressTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var addressed = await WaitForAddressAsync(cluster, created, either.Token);
            return new PodSandbox(cluster, addressed, SandboxContract.ConnectionToken(apiToken, created.Uid()), ports, isSelfRegistered);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new TimeoutException($"pod {created.Namespace()}/{created.Name()} got no address from the cluster within {AddressTimeout.TotalSeconds:0} s; is its node '{created.Spec.NodeName}' one of the cluster's?");
        }
    }

    private static async Task<V1Pod> FindAsync(Kubernetes cluster, IConfiguration configuration, string uid, CancellationToken cancellationToken)
    {
        var identity = PodIdentity.FromConfiguration(configuration);
        var pod = await cluster.CoreV1.ReadNamespacedPodAsync(identity.Name, identity.Namespace, cancellationToken: cancellationToken);
        return pod.Uid() == uid ? pod : throw new InvalidOperationException($"pod {identity.Namespace}/{identity.Name} is another one by now: its uid is {pod.Uid()}, not {uid}");
    }

    private static Task<V1Pod> RegisterAsync(Kubernetes cluster, IConfiguration configuration, IReadOnlyList<int> privatePorts, CancellationToken cancellationToken)
    {
        var pod = Describe(configuration, privatePorts);
        return cluster.CoreV1.CreateNamespacedPodAsync(pod, pod.Namespace(), cancellationToken: cancellationToken);
    }

    private static V1Pod Describe(IConfiguration configuration, IReadOnlyList<int> privatePorts)
    {
        var ns = configuration[PodEnvironment.PodNamespace] ?? "default";
        var generateName = configuration[PodEnvironment.PodGenerateName];
        var name = string.IsNullOrEmpty(generateName) ? configuration[PodEnvironment.PodName] : null;
        var ports = Pairs(configuration[PodEnvironment.PodPorts], PodEnvironment.PodPorts)
            .Select(p => new V1ContainerPort { Name = p.Key, ContainerPort = int.Parse(p.Value, CultureInfo.InvariantCulture), Protocol = "TCP" }).ToList();
        var image = System.Reflection.Assembly.GetEntryAssembly()?.GetName().Name?.ToLowerInvariant() ?? "pod";
        var container = new V1Container { Name = image, Image = image, Ports = ports };
        if (ports.Select(p => p.ContainerPort).Concat(privatePorts).FirstOrDefault() is > 0 and var probed)
            container.ReadinessProbe = new V1Probe { HttpGet = new V1HTTPGetAction { Path = "/health", Port = probed } };
        return new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                Name = name,
                GenerateName = generateName,
                NamespaceProperty = ns,
                Labels = Pairs(configuration[PodEnvironment.PodLabels], PodEnvironment.PodLabels).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
            },
            Spec = new V1PodSpec { NodeName = configuration[PodEnvironment.NodeName], Containers = [container] },
        };
    }

    private static IEnumerable<KeyValuePair<string, string>> Pairs(string? text, string owner) =>
        (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(pair =>
            pair.Split('=', 2) is [var key, var value] ? KeyValuePair.Create(key, value) : throw new FormatException($"{owner}: '{pair}' is not key=value"));

    private static async Task<V1Pod> WaitForAddressAsync(Kubernetes cluster, V1Pod created, CancellationToken cancellationToken)
    {
        var (ns, name) = (created.Namespace(), created.Name());
        while (true)
        {
            var pod = await cluster.CoreV1.ReadNamespacedPodAsync(name, ns, cancellationToken: cancellationToken);
            if (HasAddress(pod)) return pod;
            await foreach (var (type, changed) in cluster.CoreV1.WatchListNamespacedPodAsync(
                ns, fieldSelector: $"metadata.name={name}", resourceVersion: pod.ResourceVersion(), cancellationToken: cancellationToken))
            {
                if (type is WatchEventType.Added or WatchEventType.Modified && HasAddress(changed)) return changed;
                if (type is WatchEventType.Deleted) throw new InvalidOperationException($"pod {ns}/{name} was deleted before it got an address");
            }
        }
    }

    private static bool HasAddress(V1Pod pod) => !string.IsNullOrEmpty(pod.Status?.PodIP) && pod.GetAnnotation(SandboxContract.BackingAddress) is not null;

    /// <inheritdoc/>
    public void Dispose() => Cluster.Dispose();
}
