using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Embedded.ControlPlane;

/// <summary>A policy object as the API serves it: metadata typed, the rest as it came.</summary>
internal sealed class PolicyObject : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <summary>spec, specs and whatever else the object has.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Rest { get; set; } = [];

    public JsonObject ToJson() => JsonSerializer.SerializeToNode(this)!.AsObject();
}

/// <summary>A list of policy objects.</summary>
internal sealed class PolicyObjectList
{
    [JsonPropertyName("metadata")]
    public V1ListMeta Metadata { get; set; } = new();

    [JsonPropertyName("items")]
    public List<PolicyObject> Items { get; set; } = [];
}

/// <summary>The local copies of all kinds the controllers of the embedded cluster work with.</summary>
internal sealed class ClusterCache
{
    private readonly List<Func<CancellationToken, Task>> _run = [];

    public ClusterCache(IKubernetes api, Action changed, TimeProvider time)
    {
        Pods = Add(new Informer<V1Pod>(
            async ct => await api.CoreV1.ListPodForAllNamespacesAsync(cancellationToken: ct) is var l ? (l.ResourceVersion(), l.Items) : default,
            (rv, ct) => api.CoreV1.WatchListPodForAllNamespacesAsync(resourceVersion: rv, cancellationToken: ct), changed, time));
        Services = Add(new Informer<V1Service>(
            async ct => await api.CoreV1.ListServiceForAllNamespacesAsync(cancellationToken: ct) is var l ? (l.ResourceVersion(), l.Items) : default,
            (rv, ct) => api.CoreV1.WatchListServiceForAllNamespacesAsync(resourceVersion: rv, cancellationToken: ct), changed, time));
        EndpointSlices = Add(new Informer<V1EndpointSlice>(
            async ct => await api.DiscoveryV1.ListEndpointSliceForAllNamespacesAsync(cancellationToken: ct) is var l ? (l.ResourceVersion(), l.Items) : default,
            (rv, ct) => api.DiscoveryV1.WatchListEndpointSliceForAllNamespacesAsync(resourceVersion: rv, cancellationToken: ct), changed, time));
        Policies =
        [
            Policy(api, "cilium.io", "v2", "ciliumnetworkpolicies", changed, time),
            Policy(api, "cilium.io", "v2", "ciliumclusterwidenetworkpolicies", changed, time),
            Policy(api, "networking.k8s.io", "v1", "networkpolicies", changed, time),
        ];
    }

    public Informer<V1Pod> Pods { get; }

    public Informer<V1Service> Services { get; }

    public Informer<V1EndpointSlice> EndpointSlices { get; }

    public IReadOnlyList<Informer<PolicyObject>> Policies { get; }

    /// <summary>Completes when every copy has been filled once.</summary>
    public Task Synced => Task.WhenAll([Pods.Synced, Services.Synced, EndpointSlices.Synced, .. Policies.Select(p => p.Synced)]);

    /// <summary>Keeps all copies current until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_run.Select(run => run(cancellationToken)));

    private Informer<PolicyObject> Policy(IKubernetes api, string group, string version, string plural, Action changed, TimeProvider time) => Add(new Informer<PolicyObject>(
        async ct =>
        {
            var all = await api.CustomObjects.ListClusterCustomObjectAsync<PolicyObjectList>(group, version, plural, cancellationToken: ct);
            return (all.Metadata.ResourceVersion, all.Items);
        },
        (rv, ct) => WatchPoliciesAsync(api, group, version, plural, rv, ct), changed, time));

    private static async IAsyncEnumerable<(WatchEventType Type, PolicyObject Object)> WatchPoliciesAsync(
        IKubernetes api, string group, string version, string plural, string? resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (type, any) in api.CustomObjects.WatchListClusterCustomObjectAsync(group, version, plural, resourceVersion: resourceVersion, cancellationToken: cancellationToken))
            if (any is JsonElement json && json.Deserialize<PolicyObject>() is { } policy) yield return (type, policy);
    }

    private Informer<T> Add<T>(Informer<T> informer) where T : IMetadata<V1ObjectMeta>
    {
        _run.Add(informer.RunAsync);
        return informer;
    }
}
