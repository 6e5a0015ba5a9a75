using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>
/// This process's place on the embedded cluster: which Pod it is, and the addresses the cluster gave it. A kubelet tells the process it starts (<see cref="PodEnvironment.BackingAddress"/>); a process that
/// somebody else started
/// <list type="number">
/// <item>creates its Pod object (the API server generates the name);</item>
/// <item>waits until the cluster has written the Pod's address and its backing address.</item>
/// </list>
/// From then on the process listens on the backing address, and leaves when the Pod is deleted (<see cref="PodLifetime"/>) or its kubelet is gone (<see cref="KubeletLifetime"/>).
/// </summary>
public sealed class PodSandbox : IDisposable
{
    private static readonly TimeSpan AddressTimeout = TimeSpan.FromSeconds(30);

    private PodSandbox(ClusterAccess access) => Access = access;

    /// <summary>How to reach the embedded cluster's API.</summary>
    public ClusterAccess Access { get; }

    /// <summary>The client this process registered its Pod with; null where a kubelet looks after the Pod: what it costs to start one, a Pod of the lab does not spend.</summary>
    internal IKubernetes? Registrar { get; private init; }

    /// <summary>Name, namespace and node.</summary>
    public required PodIdentity Identity { get; init; }

    /// <summary>metadata.uid of the Pod.</summary>
    public required string Uid { get; init; }

    /// <summary>The Pod's address: what its own connections start from and where others reach it, through the datapath.</summary>
    public required IPAddress PodAddress { get; init; }

    /// <summary>The private address this process listens on.</summary>
    public required IPAddress BackingAddress { get; init; }

    /// <summary>What is added to every port where it is listened on; 0 unless a port was taken on this machine.</summary>
    public int PortOffset { get; init; }

    /// <summary>Container ports, as in the Pod object.</summary>
    public required IReadOnlyList<int> ContainerPorts { get; init; }

    internal byte[] ConnectionToken => SandboxContract.ConnectionToken(Access.Token, Uid);

    /// <summary>Takes the place of the Pod a kubelet started this process for, or registers it as a Pod.</summary>
    /// <param name="configuration">Where <see cref="PodEnvironment"/> is read from.</param>
    /// <param name="time">Time source of the timeout.</param>
    /// <param name="privatePorts">Ports that are no container ports; the first one is probed when there is no container port.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when no API is configured: the process runs on a real cluster or on its own.</returns>
    /// <exception cref="TimeoutException">The cluster gave the Pod no address within 30 s.</exception>
    public static async Task<PodSandbox?> JoinAsync(
        IConfiguration configuration, TimeProvider time, IReadOnlyList<int>? privatePorts = null, CancellationToken cancellationToken = default)
    {
        if (OfKubelet(configuration) is { } place) return place;
        return AccessOf(configuration) is { } access ? await RegisterAsync(access, configuration, time, privatePorts ?? [], cancellationToken) : null;
    }

    /// <summary>The place of the Pod that a kubelet of the embedded cluster started this process for; null elsewhere.</summary>
    /// <param name="configuration">Where <see cref="PodEnvironment"/> is read from.</param>
    public static PodSandbox? OfKubelet(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return AccessOf(configuration) is { } access && !string.IsNullOrEmpty(configuration[PodEnvironment.BackingAddress]) ? FromKubelet(access, configuration) : null;
    }

    private static ClusterAccess? AccessOf(IConfiguration configuration)
    {
        if (configuration[PodEnvironment.ApiUrl] is not { Length: > 0 } url) return null;
        var apiToken = configuration[PodEnvironment.ApiToken] ?? throw new FormatException($"{PodEnvironment.ApiUrl} is set and {PodEnvironment.ApiToken} is not: set both or neither");
        return new ClusterAccess(new Uri(url), apiToken, configuration[PodEnvironment.ApiAuthority]);
    }

    private static PodSandbox FromKubelet(ClusterAccess access, IConfiguration configuration) => new(access)
    {
        Identity = PodIdentity.FromConfiguration(configuration),
        Uid = Required(configuration, PodEnvironment.PodUid),
        PodAddress = IPAddress.Parse(Required(configuration, PodEnvironment.PodIp)),
        BackingAddress = IPAddress.Parse(Required(configuration, PodEnvironment.BackingAddress)),
        PortOffset = int.Parse(configuration[PodEnvironment.PortOffset] ?? "0", CultureInfo.InvariantCulture),
        ContainerPorts = [.. Ports(configuration).Select(p => p.Port)],
    };

    private static string Required(IConfiguration configuration, string variable) =>
        configuration[variable] is { Length: > 0 } value ? value : throw new FormatException($"{PodEnvironment.BackingAddress} is set and {variable} is not: the kubelet sets both");

    private static async Task<PodSandbox> RegisterAsync(ClusterAccess access, IConfiguration configuration, TimeProvider time, IReadOnlyList<int> privatePorts, CancellationToken cancellationToken)
    {
        var cluster = new Kubernetes(new KubernetesClientConfiguration
        {
            Host = access.Url.ToString(),
            AccessToken = access.Token,
            SslCaCerts = access.AuthorityPem is { Length: > 0 } pem ? [X509Certificate2.CreateFromPem(pem)] : null,
        });
        var described = Describe(configuration, privatePorts);
        var created = await cluster.CoreV1.CreateNamespacedPodAsync(described, described.Namespace(), cancellationToken: cancellationToken);
        using var timeout = new CancellationTokenSource(AddressTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var pod = await WaitForAddressAsync(cluster, created, either.Token);
            return new PodSandbox(access)
            {
                Registrar = cluster,
                Identity = new PodIdentity(pod.Name(), pod.Namespace(), pod.Spec.NodeName),
                Uid = pod.Uid(),
                PodAddress = IPAddress.Parse(pod.Status.PodIP),
                BackingAddress = IPAddress.Parse(pod.GetAnnotation(SandboxContract.BackingAddress)),
                PortOffset = int.Parse(pod.GetAnnotation(SandboxContract.PortOffset) ?? "0", CultureInfo.InvariantCulture),
                ContainerPorts = [.. pod.Spec.Containers.SelectMany(c => c.Ports ?? []).Select(p => p.ContainerPort)],
            };
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new TimeoutException($"pod {created.Namespace()}/{created.Name()} got no address from the cluster within {AddressTimeout.TotalSeconds:0} s; is its node '{created.Spec.NodeName}' one of the cluster's?");
        }
    }

    private static V1Pod Describe(IConfiguration configuration, IReadOnlyList<int> privatePorts)
    {
        var ns = configuration[PodEnvironment.PodNamespace] ?? "default";
        var generateName = configuration[PodEnvironment.PodGenerateName];
        var name = string.IsNullOrEmpty(generateName) ? configuration[PodEnvironment.PodName] : null;
        var ports = Ports(configuration).Select(p => new V1ContainerPort { Name = p.Name, ContainerPort = p.Port, Protocol = "TCP" }).ToList();
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

    private static IEnumerable<(string Name, int Port)> Ports(IConfiguration configuration) =>
        Pairs(configuration[PodEnvironment.PodPorts], PodEnvironment.PodPorts).Select(p => (p.Key, int.Parse(p.Value, CultureInfo.InvariantCulture)));

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
    public void Dispose() => Registrar?.Dispose();
}
