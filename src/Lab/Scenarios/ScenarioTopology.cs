using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>Where a scenario needs its Pods. A real cluster must have such nodes and place its workloads so.</summary>
/// <param name="Workers">Worker nodes, 1 to 250.</param>
/// <param name="ClientWorker">The worker (from 1) that runs the load test; 0: the last one.</param>
/// <param name="BackendWorkers">The worker (from 1) of each backend Pod; empty: one on each.</param>
/// <param name="Zones">Zone of each worker (topology.kubernetes.io/zone); empty: none.</param>
public sealed record ScenarioTopology(
    int Workers,
    int ClientWorker,
    ImmutableArray<int> BackendWorkers,
    ImmutableArray<string> Zones
)
{
    /// <summary>Three workers with a backend Pod on each, the load test on the last, no zones.</summary>
    public static ScenarioTopology Default { get; } = new(3, 0, [], []);

    /// <summary>The cluster it makes.</summary>
    /// <param name="workers">Worker nodes instead of this scenario's: one backend on each, and no zones.</param>
    /// <param name="clientWorker">The client's worker instead of this scenario's.</param>
    public ClusterTopology Build(int? workers = null, int? clientWorker = null)
    {
        if (workers is { } other && other != Workers)
            return ClusterTopology.Create("cluster", other, clientWorker ?? other);
        ClusterTopology plain = ClusterTopology.Create(
            "cluster",
            Workers,
            clientWorker ?? ClientWorker,
            BackendWorkers.IsEmpty ? null : BackendWorkers
        );
        return Zones.IsEmpty
            ? plain
            : plain with
            {
                Nodes = [.. plain.Nodes.Select((n, i) => n.ControlPlane ? n : n with { Zone = Zones[i - 1] })],
            };
    }

    /// <summary>What does not fit together, one line for each.</summary>
    public IEnumerable<string> Problems()
    {
        if (Workers is < 1 or > 250)
            yield return $"topology.workers {Workers} must be from 1 to 250";
        if (ClientWorker < 0 || ClientWorker > Workers)
            yield return $"topology.clientWorker {ClientWorker} must be from 1 to {Workers}";
        foreach (var worker in BackendWorkers.Where(w => w < 1 || w > Workers))
            yield return $"topology.backendWorkers: {worker} must be from 1 to {Workers}";
        if (!Zones.IsEmpty && Zones.Length != Workers)
            yield return $"topology.zones names {Zones.Length} zones for {Workers} workers; give each worker its zone";
        if (Zones.Contains(""))
            yield return "topology.zones: a zone has no name";
    }
}
