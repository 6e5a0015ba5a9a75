using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CiliumDebugging.ClusterModel;

/// <summary>The program a Pod of the lab runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PodImage>))]
public enum PodImage
{
    /// <summary>The echo server that is being balanced (project Backend).</summary>
    Backend,

    /// <summary>The open-loop load generator (project LoadTest).</summary>
    LoadTest,
}

/// <summary>A node of the cluster.</summary>
/// <param name="Name">Node name, a DNS label; kind's names by default.</param>
/// <param name="ControlPlane">Whether it is the control plane (runs no Pods of the lab).</param>
/// <param name="Zone">Value of topology.kubernetes.io/zone, or null.</param>
public sealed record NodeSpec(string Name, bool ControlPlane = false, string? Zone = null);

/// <summary>A set of equal Pods: what a Deployment is on a real cluster.</summary>
/// <param name="Name">Name, a DNS label, for example <c>backend-1</c>.</param>
/// <param name="Namespace">Namespace.</param>
/// <param name="Image">The program its Pods run.</param>
/// <param name="Labels">Labels of its Pods.</param>
/// <param name="Nodes">The node of each replica; a node may stand more than once.</param>
/// <param name="Port">Container port (named <c>http</c>), 1 to 65535; null: the Pods serve nothing.</param>
public sealed record WorkloadSpec(
    string Name,
    string Namespace,
    PodImage Image,
    ImmutableSortedDictionary<string, string> Labels,
    ImmutableArray<string> Nodes,
    int? Port
);

/// <summary>A ClusterIP Service.</summary>
/// <param name="Name">Name, a DNS label.</param>
/// <param name="Namespace">Namespace.</param>
/// <param name="Selector">Labels that its Pods carry.</param>
/// <param name="Port">Service port and target port, 1 to 65535.</param>
public sealed record ServiceSpec(
    string Name,
    string Namespace,
    ImmutableSortedDictionary<string, string> Selector,
    int Port
);

/// <summary>What the lab consists of: nodes, workloads and Services. AppHost and the embedded cluster read this one
/// record.</summary>
/// <param name="ClusterName">Name of the cluster; kind's default names its nodes after it.</param>
/// <param name="Nodes">All nodes, control plane first.</param>
/// <param name="Workloads">All workloads.</param>
/// <param name="Services">All Services.</param>
public sealed record ClusterTopology(
    string ClusterName,
    ImmutableArray<NodeSpec> Nodes,
    ImmutableArray<WorkloadSpec> Workloads,
    ImmutableArray<ServiceSpec> Services
)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    /// <summary>The environment variable that carries this record to the <c>cluster</c> process, as JSON.</summary>
    public const string EnvironmentVariable = "CLUSTER_TOPOLOGY";

    /// <summary>The cluster of the original report (https://github.com/cilium/cilium/issues/14268): one control plane
    /// and three workers, three pods of <c>backend-1</c>, one per worker, and <c>load-test-1</c> on the last
    /// worker.</summary>
    public static ClusterTopology Default { get; } = Create("cluster", workers: 3);

    /// <summary>The default topology with another number of workers, client node or placement of the
    /// backends.</summary>
    /// <param name="clusterName">Prefix of the node names.</param>
    /// <param name="workers">Number of worker nodes, 1 or more.</param>
    /// <param name="clientWorker">Worker (1-based) that runs the load test; the last one when 0.</param>
    /// <param name="backendWorkers">Worker (1-based) of each backend pod; one on each worker when null.</param>
    /// <param name="port">Port of the backends and their Service.</param>
    public static ClusterTopology Create(
        string clusterName,
        int workers,
        int clientWorker = 0,
        IReadOnlyList<int>? backendWorkers = null,
        int port = 8080
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        string Worker(int i) => i == 1 ? $"{clusterName}-worker" : $"{clusterName}-worker{i}";
        var nodes = Enumerable
            .Range(1, workers)
            .Select(i => new NodeSpec(Worker(i)))
            .Prepend(new NodeSpec($"{clusterName}-control-plane", ControlPlane: true))
            .ToImmutableArray();
        var labels = ImmutableSortedDictionary.CreateRange<string, string>([
            new("app", "backend"),
            new("version", "v1"),
        ]);
        return new ClusterTopology(
            clusterName,
            nodes,
            [
                new WorkloadSpec(
                    "backend-1",
                    "backend",
                    PodImage.Backend,
                    labels,
                    [.. (backendWorkers ?? [.. Enumerable.Range(1, workers)]).Select(Worker)],
                    port
                ),
                new WorkloadSpec(
                    "load-test-1",
                    "load-test",
                    PodImage.LoadTest,
                    ImmutableSortedDictionary.CreateRange<string, string>([new("app", "load-test-1")]),
                    [Worker(clientWorker == 0 ? workers : clientWorker)],
                    Port: null
                ),
            ],
            [new ServiceSpec("backend-1", "backend", labels, port)]
        );
    }

    /// <summary>Backend Pods of all workloads.</summary>
    public int BackendPods() => Workloads.Where(w => w.Image is PodImage.Backend).Sum(w => w.Nodes.Length);

    /// <summary>This record as JSON, for <see cref="EnvironmentVariable"/>.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, s_json);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="FormatException">The text is not such a record.</exception>
    public static ClusterTopology FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<ClusterTopology>(json, s_json)
                ?? throw new FormatException("the topology is JSON null");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{EnvironmentVariable} is not a lab topology: {e.Message}", e);
        }
    }
}
