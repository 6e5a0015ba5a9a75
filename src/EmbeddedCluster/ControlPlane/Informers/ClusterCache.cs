using System.Runtime.CompilerServices;
using System.Text.Json;
using CiliumDebugging.ClusterModel;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;

/// <summary>The local copies of all kinds the controllers of the embedded cluster work with.</summary>
internal sealed class ClusterCache
{
    private readonly TimeProvider _time;
    private readonly List<Func<CancellationToken, Task>> _loops = [];
    private readonly List<Task> _synced = [];

    public ClusterCache(IKubernetes api, TimeProvider time)
    {
        _time = time;
        var (core, apps) = (api.CoreV1, api.AppsV1);
        Pods = Add<V1Pod, V1PodList>(
            stop => core.ListPodForAllNamespacesAsync(cancellationToken: stop),
            (from, stop) => core.WatchListPodForAllNamespacesAsync(resourceVersion: from, cancellationToken: stop)
        );
        Services = Add<V1Service, V1ServiceList>(
            stop => core.ListServiceForAllNamespacesAsync(cancellationToken: stop),
            (from, stop) => core.WatchListServiceForAllNamespacesAsync(resourceVersion: from, cancellationToken: stop)
        );
        var slices = api.DiscoveryV1;
        EndpointSlices = Add<V1EndpointSlice, V1EndpointSliceList>(
            stop => slices.ListEndpointSliceForAllNamespacesAsync(cancellationToken: stop),
            (from, stop) =>
                slices.WatchListEndpointSliceForAllNamespacesAsync(resourceVersion: from, cancellationToken: stop)
        );
        Endpoints = Add<V1Endpoints, V1EndpointsList>(
            stop => core.ListEndpointsForAllNamespacesAsync(cancellationToken: stop),
            (from, stop) => core.WatchListEndpointsForAllNamespacesAsync(resourceVersion: from, cancellationToken: stop)
        );
        ServiceAccounts = Add<V1ServiceAccount, V1ServiceAccountList>(
            stop => core.ListServiceAccountForAllNamespacesAsync(cancellationToken: stop),
            (from, stop) =>
                core.WatchListServiceAccountForAllNamespacesAsync(resourceVersion: from, cancellationToken: stop)
        );
        Namespaces = Add<V1Namespace, V1NamespaceList>(
            stop => core.ListNamespaceAsync(cancellationToken: stop),
            (from, stop) => core.WatchListNamespaceAsync(resourceVersion: from, cancellationToken: stop)
        );
        Nodes = Add<V1Node, V1NodeList>(
            stop => core.ListNodeAsync(cancellationToken: stop),
            (from, stop) => core.WatchListNodeAsync(resourceVersion: from, cancellationToken: stop)
        );
        Deployments = Add<V1Deployment, V1DeploymentList>(
            stop => apps.ListDeploymentForAllNamespacesAsync(cancellationToken: stop),
            (from, stop) =>
                apps.WatchListDeploymentForAllNamespacesAsync(resourceVersion: from, cancellationToken: stop)
        );
        ReplicaSets = Add<V1ReplicaSet, V1ReplicaSetList>(
            stop => apps.ListReplicaSetForAllNamespacesAsync(cancellationToken: stop),
            (from, stop) =>
                apps.WatchListReplicaSetForAllNamespacesAsync(resourceVersion: from, cancellationToken: stop)
        );
        DaemonSets = Add<V1DaemonSet, V1DaemonSetList>(
            stop => apps.ListDaemonSetForAllNamespacesAsync(cancellationToken: stop),
            (from, stop) => apps.WatchListDaemonSetForAllNamespacesAsync(resourceVersion: from, cancellationToken: stop)
        );
        Jobs = Add<V1Job, V1JobList>(
            stop => api.BatchV1.ListJobForAllNamespacesAsync(cancellationToken: stop),
            (from, stop) =>
                api.BatchV1.WatchListJobForAllNamespacesAsync(resourceVersion: from, cancellationToken: stop)
        );
        Policies =
        [
            AddPolicies(api.CustomObjects, "cilium.io", "v2", "ciliumnetworkpolicies"),
            AddPolicies(api.CustomObjects, "cilium.io", "v2", "ciliumclusterwidenetworkpolicies"),
            AddPolicies(api.CustomObjects, "networking.k8s.io", "v1", "networkpolicies"),
        ];
        CidrGroups = AddPolicies(api.CustomObjects, "cilium.io", "v2", "ciliumcidrgroups");
    }

    public Informer<V1Pod> Pods { get; }
    public Informer<V1Service> Services { get; }
    public Informer<V1EndpointSlice> EndpointSlices { get; }
    public Informer<V1Endpoints> Endpoints { get; }
    public Informer<V1ServiceAccount> ServiceAccounts { get; }
    public Informer<V1Namespace> Namespaces { get; }
    public Informer<V1Node> Nodes { get; }
    public Informer<V1Deployment> Deployments { get; }
    public Informer<V1ReplicaSet> ReplicaSets { get; }
    public Informer<V1DaemonSet> DaemonSets { get; }
    public Informer<V1Job> Jobs { get; }
    public IReadOnlyList<Informer<PolicyObject>> Policies { get; }
    public Informer<PolicyObject> CidrGroups { get; }

    /// <summary>What keeps each copy current, until cancelled.</summary>
    public IReadOnlyList<Func<CancellationToken, Task>> Loops => _loops;

    /// <summary>The Pods that a controller owns, by the controller's uid.</summary>
    public ILookup<string, V1Pod> PodsByController() =>
        Pods.Objects.Values.ToLookup(p => ControllerOf(p) ?? "", StringComparer.Ordinal);

    public static string? ControllerOf(IMetadata<V1ObjectMeta> o) =>
        o.Metadata.OwnerReferences?.FirstOrDefault(r => r.Controller is true)?.Uid;

    /// <summary>Completes when every copy has been filled once.</summary>
    public Task Synced => Task.WhenAll(_synced);

    private Informer<T> Add<T, TList>(
        Func<CancellationToken, Task<TList>> list,
        Func<string?, CancellationToken, IAsyncEnumerable<(WatchEventType Type, T Object)>> watch
    )
        where T : IMetadata<V1ObjectMeta>
        where TList : IMetadata<V1ListMeta>, IItems<T>
    {
        return Add(new Informer<T>(ListAsync, watch, _time));

        async Task<(string? ResourceVersion, IEnumerable<T> Items)> ListAsync(CancellationToken stop)
        {
            var all = await list(stop);
            return (all.Metadata.ResourceVersion, all.Items);
        }
    }

    private Informer<T> Add<T>(Informer<T> informer)
        where T : IMetadata<V1ObjectMeta>
    {
        _loops.Add(informer.RunAsync);
        _synced.Add(informer.Synced);
        return informer;
    }

    private Informer<PolicyObject> AddPolicies(
        ICustomObjectsOperations api,
        string group,
        string version,
        string plural
    )
    {
        return Add(new Informer<PolicyObject>(ListAsync, WatchAsync, _time));

        async Task<(string? ResourceVersion, IEnumerable<PolicyObject> Items)> ListAsync(CancellationToken stop)
        {
            var all = await api.ListClusterCustomObjectAsync<PolicyObjectList>(
                group,
                version,
                plural,
                cancellationToken: stop
            );
            return (all.Metadata.ResourceVersion, all.Items);
        }
        async IAsyncEnumerable<(WatchEventType Type, PolicyObject Object)> WatchAsync(
            string? from,
            [EnumeratorCancellation] CancellationToken stop
        )
        {
            var changes = api.WatchListClusterCustomObjectAsync(
                group,
                version,
                plural,
                resourceVersion: from,
                cancellationToken: stop
            );
            await foreach (var (type, any) in changes)
                if (any is JsonElement json && json.Deserialize<PolicyObject>() is { } policy)
                    yield return (type, policy);
        }
    }
}
