using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using CiliumDebugging.ClusterModel;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

/// <summary>The local copies of all kinds the controllers of the embedded cluster work with.</summary>
internal sealed class ClusterCache
{
    private readonly List<Func<CancellationToken, Task>> _run = [];
    private readonly List<Task> _synced = [];

    public ClusterCache(IKubernetes api, TimeProvider time)
    {
        Pods = Add(
            new Informer<V1Pod>(
                async ct =>
                    await api.CoreV1.ListPodForAllNamespacesAsync(cancellationToken: ct) is var l
                        ? (l.ResourceVersion(), l.Items)
                        : default,
                (rv, ct) => api.CoreV1.WatchListPodForAllNamespacesAsync(resourceVersion: rv, cancellationToken: ct),
                time
            )
        );
        Services = Add(
            new Informer<V1Service>(
                async ct =>
                    await api.CoreV1.ListServiceForAllNamespacesAsync(cancellationToken: ct) is var l
                        ? (l.ResourceVersion(), l.Items)
                        : default,
                (rv, ct) =>
                    api.CoreV1.WatchListServiceForAllNamespacesAsync(resourceVersion: rv, cancellationToken: ct),
                time
            )
        );
        EndpointSlices = Add(
            new Informer<V1EndpointSlice>(
                async ct =>
                    await api.DiscoveryV1.ListEndpointSliceForAllNamespacesAsync(cancellationToken: ct) is var l
                        ? (l.ResourceVersion(), l.Items)
                        : default,
                (rv, ct) =>
                    api.DiscoveryV1.WatchListEndpointSliceForAllNamespacesAsync(
                        resourceVersion: rv,
                        cancellationToken: ct
                    ),
                time
            )
        );
        Namespaces = Add(
            new Informer<V1Namespace>(
                async ct =>
                    await api.CoreV1.ListNamespaceAsync(cancellationToken: ct) is var l
                        ? (l.ResourceVersion(), l.Items)
                        : default,
                (rv, ct) => api.CoreV1.WatchListNamespaceAsync(resourceVersion: rv, cancellationToken: ct),
                time
            )
        );
        Nodes = Add(
            new Informer<V1Node>(
                async ct =>
                    await api.CoreV1.ListNodeAsync(cancellationToken: ct) is var l
                        ? (l.ResourceVersion(), l.Items)
                        : default,
                (rv, ct) => api.CoreV1.WatchListNodeAsync(resourceVersion: rv, cancellationToken: ct),
                time
            )
        );
        Deployments = Add(
            new Informer<V1Deployment>(
                async ct =>
                    await api.AppsV1.ListDeploymentForAllNamespacesAsync(cancellationToken: ct) is var l
                        ? (l.ResourceVersion(), l.Items)
                        : default,
                (rv, ct) =>
                    api.AppsV1.WatchListDeploymentForAllNamespacesAsync(resourceVersion: rv, cancellationToken: ct),
                time
            )
        );
        ReplicaSets = Add(
            new Informer<V1ReplicaSet>(
                async ct =>
                    await api.AppsV1.ListReplicaSetForAllNamespacesAsync(cancellationToken: ct) is var l
                        ? (l.ResourceVersion(), l.Items)
                        : default,
                (rv, ct) =>
                    api.AppsV1.WatchListReplicaSetForAllNamespacesAsync(resourceVersion: rv, cancellationToken: ct),
                time
            )
        );
        DaemonSets = Add(
            new Informer<V1DaemonSet>(
                async ct =>
                    await api.AppsV1.ListDaemonSetForAllNamespacesAsync(cancellationToken: ct) is var l
                        ? (l.ResourceVersion(), l.Items)
                        : default,
                (rv, ct) =>
                    api.AppsV1.WatchListDaemonSetForAllNamespacesAsync(resourceVersion: rv, cancellationToken: ct),
                time
            )
        );
        Jobs = Add(
            new Informer<V1Job>(
                async ct =>
                    await api.BatchV1.ListJobForAllNamespacesAsync(cancellationToken: ct) is var l
                        ? (l.ResourceVersion(), l.Items)
                        : default,
                (rv, ct) => api.BatchV1.WatchListJobForAllNamespacesAsync(resourceVersion: rv, cancellationToken: ct),
                time
            )
        );
        Policies =
        [
            Policy(api, "cilium.io", "v2", "ciliumnetworkpolicies", time),
            Policy(api, "cilium.io", "v2", "ciliumclusterwidenetworkpolicies", time),
            Policy(api, "networking.k8s.io", "v1", "networkpolicies", time),
        ];
    }

    public Informer<V1Pod> Pods { get; }

    public Informer<V1Service> Services { get; }

    public Informer<V1EndpointSlice> EndpointSlices { get; }

    public Informer<V1Namespace> Namespaces { get; }

    public Informer<V1Node> Nodes { get; }

    public Informer<V1Deployment> Deployments { get; }

    public Informer<V1ReplicaSet> ReplicaSets { get; }

    public Informer<V1DaemonSet> DaemonSets { get; }

    public Informer<V1Job> Jobs { get; }

    public IReadOnlyList<Informer<PolicyObject>> Policies { get; }

    /// <summary>The Pods that a controller owns, by the controller's uid.</summary>
    public ILookup<string, V1Pod> PodsByController() =>
        Pods.Objects.Values.ToLookup(p => ControllerOf(p) ?? "", StringComparer.Ordinal);

    /// <summary>Uid of the owner that controls an object, or null.</summary>
    public static string? ControllerOf(IMetadata<V1ObjectMeta> o) =>
        o.Metadata.OwnerReferences?.FirstOrDefault(r => r.Controller is true)?.Uid;

    /// <summary>Completes when every copy has been filled once.</summary>
    public Task Synced => Task.WhenAll(_synced);

    /// <summary>Keeps all copies current until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_run.Select(run => run(cancellationToken)));

    private Informer<PolicyObject> Policy(
        IKubernetes api,
        string group,
        string version,
        string plural,
        TimeProvider time
    ) =>
        Add(
            new Informer<PolicyObject>(
                async ct =>
                {
                    var all = await api.CustomObjects.ListClusterCustomObjectAsync<PolicyObjectList>(
                        group,
                        version,
                        plural,
                        cancellationToken: ct
                    );
                    return (all.Metadata.ResourceVersion, all.Items);
                },
                (rv, ct) => WatchPoliciesAsync(api, group, version, plural, rv, ct),
                time
            )
        );

    private static async IAsyncEnumerable<(WatchEventType Type, PolicyObject Object)> WatchPoliciesAsync(
        IKubernetes api,
        string group,
        string version,
        string plural,
        string? resourceVersion,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (
            var (type, any) in api.CustomObjects.WatchListClusterCustomObjectAsync(
                group,
                version,
                plural,
                resourceVersion: resourceVersion,
                cancellationToken: cancellationToken
            )
        )
            if (any is JsonElement json && json.Deserialize<PolicyObject>() is { } policy)
                yield return (type, policy);
    }

    private Informer<T> Add<T>(Informer<T> informer)
        where T : IMetadata<V1ObjectMeta>
    {
        _run.Add(informer.RunAsync);
        _synced.Add(informer.Synced);
        return informer;
    }
}
