using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>Compares where a scenario needs its Pods with where a cluster has them.</summary>
internal static class Placement
{
    /// <summary>What differs, one line each; empty when nothing that matters does.</summary>
    /// <param name="topology">What the scenario needs.</param>
    /// <param name="clientNode">Node of the load-test Pod.</param>
    /// <param name="backends">The ready backends.</param>
    /// <param name="zoneOf">Zone of a node; null when it has none.</param>
    public static IEnumerable<string> Differences(
        ScenarioTopology topology,
        string clientNode,
        ImmutableArray<BackendPod> backends,
        Func<string, string?> zoneOf
    )
    {
        var client = topology.ClientWorker == 0 ? topology.Workers : topology.ClientWorker;
        ImmutableArray<int> needed = topology.BackendWorkers.IsEmpty
            ? [.. Enumerable.Range(1, topology.Workers)]
            : topology.BackendWorkers;
        if (backends.Length != needed.Length)
            yield return $"{needed.Length} backends are needed, and {backends.Length} are ready";
        var (neededBeside, beside) = (needed.Count(w => w == client), backends.Count(p => p.Node == clientNode));
        if (neededBeside > 0 != beside > 0)
            yield return neededBeside > 0
                ? $"a backend is needed on the client's node {clientNode}, and none is there"
                : $"no backend may be on the client's node {clientNode}, and {beside} are there";
        if (topology.Zones.IsEmpty)
            yield break;
        var zone = topology.Zones[client - 1];
        var near = needed.Count(w => topology.Zones[w - 1] == zone);
        var there = zoneOf(clientNode) is { } clientZone ? backends.Count(p => zoneOf(p.Node) == clientZone) : 0;
        if (near != there)
            yield return $"{near} of the backends must be in the client's zone, and {there} are";
    }
}
